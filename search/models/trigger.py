"""The triggers that mark an item's embeddings pending when its text changes, whoever writes it.

They are declared on a proxy of `Item`, so that the catalog need not know of search.
"""

from __future__ import annotations

import pgtrigger

from catalog.models import Item

# A statement that touches at least this many items is bulk work and waits behind what a person saved.
BULK_ROWS = 50

MARK_NEW = f"""
    INSERT INTO search_itemembedding
        (item_id, space_id, collection_id, priority, marked_at, next_attempt_at)
    SELECT n.id, s.id, n.collection_id,
           CASE WHEN (SELECT count(*) FROM new_rows) < {BULK_ROWS} THEN 0 ELSE 10 END,
           clock_timestamp(), clock_timestamp()
    FROM new_rows n CROSS JOIN search_embeddingspace s
    WHERE s.state IN ('building', 'ready', 'active') AND s.modality = 'text'
    ORDER BY n.id, s.id
    ON CONFLICT (item_id, space_id) DO NOTHING;
    RETURN NULL;
"""

MARK_CHANGED = f"""
    WITH changed AS (
        SELECT n.id, n.collection_id FROM new_rows n JOIN old_rows o ON o.id = n.id
        WHERE n.text_digest IS DISTINCT FROM o.text_digest
    ), locked AS (
        SELECT e.id FROM search_itemembedding e JOIN changed c ON c.id = e.item_id
        ORDER BY e.id FOR UPDATE OF e
    )
    UPDATE search_itemembedding e
    SET state = 'pending', revision = e.revision + 1, attempts = 0, lost_workers = 0, error_class = '',
        error_message = '', lease_token = NULL, lease_expires_at = NULL, marked_at = clock_timestamp(),
        next_attempt_at = clock_timestamp(),
        priority = CASE WHEN (SELECT count(*) FROM changed) < {BULK_ROWS} THEN 0 ELSE 10 END
    FROM locked WHERE e.id = locked.id;
    RETURN NULL;
"""

FOLLOW_COLLECTION = """
    IF EXISTS (
        SELECT 1 FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.collection_id <> o.collection_id
    ) THEN
        WITH locked AS (
            SELECT e.id, n.collection_id FROM search_itemembedding e JOIN new_rows n ON n.id = e.item_id
            WHERE e.collection_id <> n.collection_id ORDER BY e.id FOR UPDATE OF e
        )
        UPDATE search_itemembedding e SET collection_id = locked.collection_id
        FROM locked WHERE e.id = locked.id;
        UPDATE search_passage p SET collection_id = n.collection_id
        FROM new_rows n WHERE p.item_id = n.id AND p.collection_id <> n.collection_id;
    END IF;
"""

# The state goes first: its lock waits for a worker that is storing, whose passages the next statement then sees.
REMOVE = """
    WITH locked AS (
        SELECT e.id FROM search_itemembedding e JOIN old_rows o ON o.id = e.item_id ORDER BY e.id FOR UPDATE OF e
    )
    DELETE FROM search_itemembedding e USING locked WHERE e.id = locked.id;
    DELETE FROM search_passage WHERE item_id IN (SELECT id FROM old_rows);
    DELETE FROM search_duplicatepair WHERE first_id IN (SELECT id FROM old_rows)
        OR second_id IN (SELECT id FROM old_rows);
    RETURN NULL;
"""


class EmbeddedItem(Item):
    """The item as the embedding pipeline sees it."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="item_inserted_is_pending",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func=MARK_NEW,
            ),
            pgtrigger.Trigger(
                name="item_changed_is_pending",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                func=FOLLOW_COLLECTION + MARK_CHANGED,
            ),
            pgtrigger.Trigger(
                name="item_deleted_is_forgotten",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_rows"),
                func=REMOVE,
            ),
        ]
