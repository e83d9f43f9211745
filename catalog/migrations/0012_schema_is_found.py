"""A schema that rows told is called found, in the database as in answers."""

from django.db import migrations, models

RENAME = "UPDATE catalog_collection SET schema_source = 'found' WHERE schema_source = 'inferred'"
BACK = "UPDATE catalog_collection SET schema_source = 'inferred' WHERE schema_source = 'found'"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0011_schema_source")]
    operations = [
        migrations.AlterField(
            model_name="collection",
            name="schema_source",
            field=models.CharField(
                choices=[("none", "Not made yet"), ("found", "Found in the rows"), ("edited", "Edited")],
                db_default="none",
                default="none",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.RunSQL(sql=RENAME, reverse_sql=BACK),
    ]
