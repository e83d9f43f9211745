"""Attribute values and beginnings of identifiers are searched. No row is written here and none is locked for longer than a moment; see the next."""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models import Value

import catalog.models.fields

# Of high, normal and low weight, one value on a line. What the schema does not say goes by the type.
ATTRIBUTE_TEXTS = """
CREATE FUNCTION akin_attribute_texts(attributes jsonb, schema jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN count(weight) = 0 THEN '{}' ELSE ARRAY[
        coalesce(string_agg(value, E'\\n' ORDER BY name, number) FILTER (WHERE weight = 'high'), ''),
        coalesce(string_agg(value, E'\\n' ORDER BY name, number) FILTER (WHERE weight = 'normal'), ''),
        coalesce(string_agg(value, E'\\n' ORDER BY name, number) FILTER (WHERE weight = 'low'), '')
    ] END
    FROM (
        SELECT attribute.name, element.number, element.value #>> '{}' AS value, CASE
            WHEN schema -> attribute.name ->> 'searched' IN ('low', 'normal', 'high')
                THEN schema -> attribute.name ->> 'searched'
            WHEN schema -> attribute.name ->> 'searched' = 'no' THEN NULL
            WHEN schema -> attribute.name -> 'identifier' = 'true' OR jsonb_typeof(element.value) <> 'string' THEN NULL
            WHEN schema -> attribute.name ->> 'type' IN ('number', 'integer', 'date', 'boolean') THEN NULL
            ELSE 'normal' END AS weight
        FROM jsonb_each(attributes) AS attribute(name, value)
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(attribute.value) WHEN 'array' THEN attribute.value
                ELSE jsonb_build_array(attribute.value) END
        ) WITH ORDINALITY AS element(value, number)
        WHERE schema ? attribute.name AND jsonb_typeof(element.value) IN ('string', 'number')
    ) AS searched WHERE weight IS NOT NULL AND value <> ''
$$
"""

SEARCH_VECTOR = """
CREATE FUNCTION akin_search_vector(language regconfig, title text, body text, attribute_texts text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN cardinality(attribute_texts) = 0 THEN akin_search_vector(language, title, body)
        ELSE akin_search_vector(language, title, body)
            || setweight(to_tsvector(language, translate(attribute_texts[1], '/', ' ')), 'A')
            || setweight(to_tsvector(language, translate(attribute_texts[2], '/', ' ')), 'C')
            || setweight(to_tsvector(language, translate(attribute_texts[3], '/', ' ')), 'D')
        END
$$
"""

# Each identifier from each of its segments on: nrdtn24410, tn24410 and 4410 of NRD-TN2-4410.
IDENTIFIER_PARTS = """
CREATE FUNCTION akin_identifier_parts(external_id text, attributes jsonb, schema jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(coalesce(array_agg(DISTINCT part), '{}')) FROM (
        SELECT left(array_to_string(segments[start:], ''), 100) AS part
        FROM (
            SELECT array_remove(regexp_split_to_array(lower(value), '[^[:alnum:]]+'), '') AS segments
            FROM (
                SELECT external_id AS value
                UNION ALL
                SELECT element #>> '{}' FROM jsonb_each(schema) AS definition(name, definition)
                CROSS JOIN LATERAL jsonb_array_elements(
                    CASE jsonb_typeof(attributes -> definition.name) WHEN 'array' THEN attributes -> definition.name
                        ELSE jsonb_build_array(attributes -> definition.name) END
                ) AS element
                WHERE definition.definition -> 'identifier' = 'true' AND jsonb_typeof(element) IN ('string', 'number')
            ) AS identifiers
        ) AS split
        CROSS JOIN LATERAL generate_series(1, least(cardinality(segments), 8)) AS start
    ) AS parts WHERE part <> ''
$$
"""

# Without a default a trigger has to write the column; the values that are there stay.
WRITTEN_BY_TRIGGER = "ALTER TABLE catalog_item ALTER COLUMN search_vector DROP EXPRESSION"
GENERATED = """
ALTER TABLE catalog_item DROP COLUMN search_vector;
ALTER TABLE catalog_item ADD COLUMN search_vector tsvector
    GENERATED ALWAYS AS (akin_search_vector(language, title, body)) STORED
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0013_change_runs")]
    operations = [
        migrations.RunSQL(sql=ATTRIBUTE_TEXTS, reverse_sql="DROP FUNCTION akin_attribute_texts(jsonb, jsonb)"),
        migrations.RunSQL(
            sql=SEARCH_VECTOR, reverse_sql="DROP FUNCTION akin_search_vector(regconfig, text, text, text[])"
        ),
        migrations.RunSQL(sql=IDENTIFIER_PARTS, reverse_sql="DROP FUNCTION akin_identifier_parts(text, jsonb, jsonb)"),
        migrations.AddField(
            model_name="item",
            name="identifier_parts",
            field=catalog.models.fields.WordsField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="item",
            name="attribute_texts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=Value("{}"), editable=False, size=None
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(sql=WRITTEN_BY_TRIGGER, reverse_sql=GENERATED)],
            state_operations=[
                migrations.AlterField(
                    model_name="item",
                    name="search_vector",
                    field=catalog.models.fields.WordsField(editable=False, null=True),
                ),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="collection",
            name="collection_rereads_items",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="item",
            name="item_reads_collection",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="collection",
            trigger=pgtrigger.compiler.Trigger(
                name="collection_rereads_items",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attribute_schema" IS DISTINCT FROM (NEW."attribute_schema") OR OLD."language" IS DISTINCT FROM (NEW."language"))',
                    func="\n                    UPDATE catalog_item\n                    SET language = NEW.language::regconfig,\n                        identifiers = akin_identifiers(external_id, attributes, NEW.attribute_schema),\n                        identifier_parts = akin_identifier_parts(external_id, attributes, NEW.attribute_schema),\n                        attribute_texts = akin_attribute_texts(attributes, NEW.attribute_schema)\n                    WHERE collection_id = NEW.id\n                      AND (language, identifiers, attribute_texts) IS DISTINCT FROM (\n                          NEW.language::regconfig,\n                          akin_identifiers(external_id, attributes, NEW.attribute_schema),\n                          akin_attribute_texts(attributes, NEW.attribute_schema)\n                      );\n                    RETURN NULL;\n                ",
                    hash="bc2a9653cbca2a4401f159b59e8c1ac773b71a2a",
                    operation='UPDATE OF "language", "attribute_schema"',
                    pgid="pgtrigger_collection_rereads_items_e08db",
                    table="catalog_collection",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="item",
            trigger=pgtrigger.compiler.Trigger(
                name="item_reads_collection",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    SELECT c.language::regconfig,\n                           akin_identifiers(NEW.external_id, NEW.attributes, c.attribute_schema),\n                           akin_identifier_parts(NEW.external_id, NEW.attributes, c.attribute_schema),\n                           akin_attribute_texts(NEW.attributes, c.attribute_schema)\n                    INTO STRICT NEW.language, NEW.identifiers, NEW.identifier_parts, NEW.attribute_texts\n                    FROM catalog_collection c WHERE c.id = NEW.collection_id;\n                    RETURN NEW;\n                ",
                    hash="48c46e059f09663a5cd6ce2bc1a69b7a3005538b",
                    operation='INSERT OR UPDATE OF "collection_id", "external_id", "attributes"',
                    pgid="pgtrigger_item_reads_collection_8bc2d",
                    table="catalog_item",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="item",
            trigger=pgtrigger.compiler.Trigger(
                name="item_words_follow",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'UPDATE' AND (NEW.language, NEW.title, NEW.body, NEW.attribute_texts) IS NOT DISTINCT\n                            FROM (OLD.language, OLD.title, OLD.body, OLD.attribute_texts) THEN\n                        RETURN NEW;\n                    END IF;\n                    NEW.search_vector := akin_search_vector(NEW.language, NEW.title, NEW.body, NEW.attribute_texts);\n                    RETURN NEW;\n                ",
                    hash="2322de93d19c17dd8f4c0106855e3dab8d8ea3cd",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_item_words_follow_42977",
                    table="catalog_item",
                    when="BEFORE",
                ),
            ),
        ),
    ]
