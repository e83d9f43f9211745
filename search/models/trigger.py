"""The triggers that mark an item's embeddings pending when its text changes, whoever writes it.

They are declared on a proxy of `Item`, so that the catalog need not know of search.
"""

from __future__ import annotations

import pgtrigger

from catalog.models import Item
from search.models.change import change_triggers

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

DECLARE_CHANGED = [("changed", "bigint[]")]


def collect_changed(condition: str) -> str:
    """PL/pgSQL that puts the ids of rows whose `n`ew and `o`ld versions meet the condition in `changed`."""
    query = f"FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE {condition}"
    return f"""
    IF (SELECT count(*) FROM new_rows) < {BULK_ROWS} THEN
        SELECT array_agg(n.id) INTO changed {query};
    ELSE
        EXECUTE $query$SELECT array_agg(n.id) {query}$query$ INTO changed;
    END IF;
"""


def for_changed(*statements: str) -> str:
    """PL/pgSQL that runs the statements, in which `{changed}` stands for those ids, unless there are none.

    Their states are locked first, in one order for all. PostgreSQL keeps the plan of a statement in a function as it
    was made for few rows, and would go on to compare many each with each: what is done for many is planned anew.
    """
    all_of_them = (LOCK, *statements)
    few = "".join(f"{one.format(result='PERFORM', changed='changed')};" for one in all_of_them)
    many = "".join(
        f"\n        EXECUTE $query${one.format(result='SELECT', changed='$1')}$query$ USING changed;"
        for one in all_of_them
    )
    return f"""
    IF cardinality(changed) < {BULK_ROWS} THEN{few}
    ELSIF cardinality(changed) >= {BULK_ROWS} THEN{many}
    END IF;
"""


LOCK = """
        {result} 1 FROM search_itemembedding WHERE item_id = ANY({changed}) ORDER BY id FOR UPDATE"""

MARK_PENDING = f"""
        UPDATE search_itemembedding
        SET state = 'pending', revision = revision + 1, attempts = 0, lost_workers = 0, error_class = '',
            error_message = '', lease_token = NULL, lease_expires_at = NULL, marked_at = clock_timestamp(),
            next_attempt_at = clock_timestamp(),
            priority = CASE WHEN cardinality({{changed}}) < {BULK_ROWS} THEN 0 ELSE 10 END
        WHERE item_id = ANY({{changed}})"""

MARK_CHANGED = (
    collect_changed("(n.text_digest, n.attribute_texts) IS DISTINCT FROM (o.text_digest, o.attribute_texts)")
    + for_changed(MARK_PENDING)
    + "RETURN NULL;"
)

FOLLOW = """
        UPDATE {table} e SET collection_id = (SELECT i.collection_id FROM catalog_item i WHERE i.id = e.item_id)
        WHERE e.item_id = ANY({{changed}})"""

FOLLOW_COLLECTION = collect_changed("n.collection_id <> o.collection_id") + for_changed(
    FOLLOW.format(table="search_itemembedding"), FOLLOW.format(table="search_passage")
)

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
                declare=DECLARE_CHANGED,
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
            *change_triggers("item"),
        ]
