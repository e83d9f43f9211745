"""Who made a collection's schema. What is there already was made by people."""

from django.db import migrations, models

EDITED = "UPDATE catalog_collection SET schema_source = 'edited' WHERE attribute_schema <> '{}'"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0010_exact_numbers")]
    operations = [
        migrations.AddField(
            model_name="collection",
            name="schema_source",
            field=models.CharField(
                choices=[("none", "Not made yet"), ("inferred", "Found in the rows"), ("edited", "Edited")],
                db_default="none",
                default="none",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="collection",
            name="schema_rows",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, help_text="Items that the schema was found in."
            ),
        ),
        migrations.RunSQL(sql=EDITED, reverse_sql=migrations.RunSQL.noop),
    ]
