"""The immutable functions that generated columns and triggers of the catalog call."""

from django.db import migrations

# Words with a slash between them are several words and not a file's path, which the parser would make of them.
SEARCH_VECTOR = """
CREATE FUNCTION akin_search_vector(language regconfig, title text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector(language, translate(title, '/', ' ')), 'A')
        || setweight(to_tsvector(language, translate(body, '/', ' ')), 'B')
$$
"""

# convert_to is only stable in general, but for a given encoding of the database it is immutable.
TEXT_DIGEST = """
CREATE FUNCTION akin_text_digest(title text, body text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(title || E'\\n' || body, 'UTF8'))
$$
"""

NORMALIZE = """
CREATE FUNCTION akin_normalize_identifier(identifier text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(identifier, '[^[:alnum:]]', '', 'g'))
$$
"""

IDENTIFIERS = """
CREATE FUNCTION akin_identifiers(external_id text, attributes jsonb, schema jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT normalized) FILTER (WHERE normalized <> ''), '{}')
    FROM (
        SELECT akin_normalize_identifier(external_id) AS normalized
        UNION ALL
        SELECT akin_normalize_identifier(value)
        FROM jsonb_each(schema) AS definition(name, definition)
        CROSS JOIN LATERAL jsonb_array_elements_text(
            CASE jsonb_typeof(attributes -> definition.name)
                WHEN 'array' THEN attributes -> definition.name
                WHEN 'string' THEN jsonb_build_array(attributes -> definition.name)
                WHEN 'number' THEN jsonb_build_array(attributes -> definition.name)
                ELSE '[]'
            END
        ) AS value
        WHERE definition.definition -> 'identifier' = 'true'
    ) AS all_identifiers
$$
"""

FUNCTIONS = {
    "akin_search_vector(regconfig, text, text)": SEARCH_VECTOR,
    "akin_text_digest(text, text)": TEXT_DIGEST,
    "akin_normalize_identifier(text)": NORMALIZE,
    "akin_identifiers(text, jsonb, jsonb)": IDENTIFIERS,
}


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(sql=create, reverse_sql=f"DROP FUNCTION {signature}")
        for signature, create in FUNCTIONS.items()
    ]
