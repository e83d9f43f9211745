"""Runs that compare two embedding spaces."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0005_search_settings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Import"),
                    ("backfill", "Backfill"),
                    ("reindex", "Reindex"),
                    ("duplicate_scan", "Duplicate scan"),
                    ("comparison", "Comparison"),
                ],
                max_length=20,
            ),
        ),
    ]
