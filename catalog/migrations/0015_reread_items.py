"""What is searched of the items that are there, a thousand at a time and each batch by itself."""

from django.db import migrations

BATCH_SIZE = 1_000

# The trigger reads the collection and writes what is derived.
REREAD = """
    WITH batch AS (
        SELECT id FROM catalog_item WHERE id > %s ORDER BY id LIMIT %s FOR UPDATE
    ), reread AS (
        UPDATE catalog_item i SET attributes = i.attributes FROM batch WHERE i.id = batch.id RETURNING i.id
    )
    SELECT max(id) FROM reread
"""


def reread(apps, schema_editor):  # type: ignore[no-untyped-def]
    last = 0
    while last is not None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(REREAD, [last, BATCH_SIZE])
            last = cursor.fetchone()[0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("catalog", "0014_searched_attributes")]
    operations = [migrations.RunPython(reread, migrations.RunPython.noop)]
