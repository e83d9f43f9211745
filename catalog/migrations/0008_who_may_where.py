"""What an API key covers is said by a flag instead of by an empty list, and collections have members."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models

LIMIT_KEY = """
    CREATE FUNCTION akin_limit_key() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE catalog_apikey SET all_collections = false WHERE id = NEW.apikey_id AND all_collections;
        RETURN NULL;
    END $$;
    CREATE TRIGGER apikey_is_limited_by_collections AFTER INSERT ON catalog_apikey_collections
        FOR EACH ROW EXECUTE FUNCTION akin_limit_key();
"""
UNDO = """
    DROP TRIGGER apikey_is_limited_by_collections ON catalog_apikey_collections;
    DROP FUNCTION akin_limit_key();
"""


def flag_unlimited_keys(apps: Any, schema_editor: Any) -> None:
    """Until now a key without collections covered all of them."""
    keys = apps.get_model("catalog", "ApiKey").objects
    keys.filter(collections__isnull=True, revoked_at__isnull=True).update(all_collections=True)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("catalog", "0007_rereads_what_differs"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="collection",
            options={"ordering": ["name", "id"], "permissions": [("all_collections", "Can act in all collections")]},
        ),
        migrations.AddField(
            model_name="apikey",
            name="all_collections",
            field=models.BooleanField(
                default=False,
                help_text="Also those that are made later. Otherwise only the collections that are chosen.",
            ),
        ),
        migrations.RunPython(flag_unlimited_keys, migrations.RunPython.noop),
        migrations.RunSQL(LIMIT_KEY, UNDO),
        migrations.AddField(
            model_name="collection",
            name="members",
            field=models.ManyToManyField(
                blank=True,
                help_text="People whose permissions hold in this collection. Who has the permission to act in all "
                "collections need not be named.",
                related_name="member_collections",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="collection",
            name="visibility",
            field=models.CharField(
                choices=[
                    ("public", "Public: anyone may read"),
                    ("private", "Private: only its members, and API keys that cover it"),
                ],
                default="public",
                max_length=10,
            ),
        ),
    ]
