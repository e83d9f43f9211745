"""The digest of what is embedded: of a text without attribute values it is the text's own, so that no vector is stale."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

EMBEDDED_DIGEST = """
CREATE FUNCTION akin_embedded_digest(text_digest bytea, attribute_texts text[]) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN coalesce(attribute_texts[1] || attribute_texts[2], '') = '' THEN text_digest
        ELSE sha256(text_digest || convert_to(attribute_texts[1] || E'\\n' || attribute_texts[2], 'UTF8')) END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0013_value_models"), ("catalog", "0014_searched_attributes")]
    operations = [
        migrations.RunSQL(sql=EMBEDDED_DIGEST, reverse_sql="DROP FUNCTION akin_embedded_digest(bytea, text[])"),
        pgtrigger.migrations.RemoveTrigger(
            model_name="embeddeditem",
            name="item_changed_is_pending",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="embeddeditem",
            trigger=pgtrigger.compiler.Trigger(
                name="item_changed_is_pending",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE changed bigint[];",
                    func="\n    IF (SELECT count(*) FROM new_rows) < 50 THEN\n        SELECT array_agg(n.id) INTO changed FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.collection_id <> o.collection_id;\n    ELSE\n        EXECUTE $query$SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.collection_id <> o.collection_id$query$ INTO changed;\n    END IF;\n\n    IF cardinality(changed) < 50 THEN\n        PERFORM 1 FROM search_itemembedding WHERE item_id = ANY(changed) ORDER BY id FOR UPDATE;\n        UPDATE search_itemembedding e SET collection_id = (SELECT i.collection_id FROM catalog_item i WHERE i.id = e.item_id)\n        WHERE e.item_id = ANY(changed);\n        UPDATE search_passage e SET collection_id = (SELECT i.collection_id FROM catalog_item i WHERE i.id = e.item_id)\n        WHERE e.item_id = ANY(changed);\n    ELSIF cardinality(changed) >= 50 THEN\n        EXECUTE $query$\n        SELECT 1 FROM search_itemembedding WHERE item_id = ANY($1) ORDER BY id FOR UPDATE$query$ USING changed;\n        EXECUTE $query$\n        UPDATE search_itemembedding e SET collection_id = (SELECT i.collection_id FROM catalog_item i WHERE i.id = e.item_id)\n        WHERE e.item_id = ANY($1)$query$ USING changed;\n        EXECUTE $query$\n        UPDATE search_passage e SET collection_id = (SELECT i.collection_id FROM catalog_item i WHERE i.id = e.item_id)\n        WHERE e.item_id = ANY($1)$query$ USING changed;\n    END IF;\n\n    IF (SELECT count(*) FROM new_rows) < 50 THEN\n        SELECT array_agg(n.id) INTO changed FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE (n.text_digest, n.attribute_texts) IS DISTINCT FROM (o.text_digest, o.attribute_texts);\n    ELSE\n        EXECUTE $query$SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE (n.text_digest, n.attribute_texts) IS DISTINCT FROM (o.text_digest, o.attribute_texts)$query$ INTO changed;\n    END IF;\n\n    IF cardinality(changed) < 50 THEN\n        PERFORM 1 FROM search_itemembedding WHERE item_id = ANY(changed) ORDER BY id FOR UPDATE;\n        UPDATE search_itemembedding\n        SET state = 'pending', revision = revision + 1, attempts = 0, lost_workers = 0, error_class = '',\n            error_message = '', lease_token = NULL, lease_expires_at = NULL, marked_at = clock_timestamp(),\n            next_attempt_at = clock_timestamp(),\n            priority = CASE WHEN cardinality(changed) < 50 THEN 0 ELSE 10 END\n        WHERE item_id = ANY(changed);\n    ELSIF cardinality(changed) >= 50 THEN\n        EXECUTE $query$\n        SELECT 1 FROM search_itemembedding WHERE item_id = ANY($1) ORDER BY id FOR UPDATE$query$ USING changed;\n        EXECUTE $query$\n        UPDATE search_itemembedding\n        SET state = 'pending', revision = revision + 1, attempts = 0, lost_workers = 0, error_class = '',\n            error_message = '', lease_token = NULL, lease_expires_at = NULL, marked_at = clock_timestamp(),\n            next_attempt_at = clock_timestamp(),\n            priority = CASE WHEN cardinality($1) < 50 THEN 0 ELSE 10 END\n        WHERE item_id = ANY($1)$query$ USING changed;\n    END IF;\nRETURN NULL;",
                    hash="33a6f03af238a879c0f9008e7055275653e32adf",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_item_changed_is_pending_134aa",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="catalog_item",
                    when="AFTER",
                ),
            ),
        ),
    ]
