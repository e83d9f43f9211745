"""The index by which identifiers are found by their beginnings, built beside readers and writers."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("catalog", "0015_reread_items")]
    operations = [
        AddIndexConcurrently(
            model_name="item",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["identifier_parts"], name="item_identifier_parts_gin"
            ),
        ),
    ]
