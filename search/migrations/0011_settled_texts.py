"""A decision holds for a text as people read it: white space, capitals and Unicode's forms of a letter do not count."""

from django.db import migrations

SETTLED_DIGEST = r"""
CREATE FUNCTION akin_settled_digest(title text, body text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(
        btrim(regexp_replace(lower(normalize(title, NFKC)), '\s+', ' ', 'g')) || E'\n' ||
        btrim(regexp_replace(lower(normalize(body, NFKC)), '\s+', ' ', 'g')), 'UTF8'))
$$
"""

# Digests of texts that are gone stay as they are: they differ from those of today either way.
SETTLE = """
    UPDATE {table} p SET {side}_digest = akin_settled_digest(i.title, i.body)
    FROM catalog_item i WHERE i.id = p.{item} AND i.text_digest = p.{side}_digest
"""
PLACES = [
    ("search_duplicatepair", "first", "first_id"),
    ("search_duplicatepair", "second", "second_id"),
    ("search_duplicatedecision", "first", "first_item_id"),
    ("search_duplicatedecision", "second", "second_item_id"),
]
UNSETTLE = """
    UPDATE {table} p SET {side}_digest = i.text_digest
    FROM catalog_item i WHERE i.id = p.{item} AND akin_settled_digest(i.title, i.body) = p.{side}_digest
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_rereads_what_differs"), ("search", "0010_bulk_updates")]

    operations = [
        migrations.RunSQL(SETTLED_DIGEST, "DROP FUNCTION akin_settled_digest(text, text)"),
        *(
            migrations.RunSQL(
                SETTLE.format(table=table, side=side, item=item), UNSETTLE.format(table=table, side=side, item=item)
            )
            for table, side, item in PLACES
        ),
    ]
