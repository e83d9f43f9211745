import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_comparison_runs"),
        ("search", "0008_gains"),
    ]

    operations = [
        migrations.CreateModel(
            name="JudgedSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "queries",
                    models.JSONField(
                        help_text=(
                            "Objects with id, text and grades, an object with the grade of each judged external id."
                        )
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="judged_sets",
                        to="catalog.collection",
                    ),
                ),
            ],
            options={
                "ordering": ["collection", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("collection", "name"), name="judged_set_unique"),
                ],
            },
        ),
    ]
