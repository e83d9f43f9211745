"""How a space keeps its vectors, and a column for those in full precision."""

import pgvector.django.vector
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("search", "0006_duplicate_calibrations"),
    ]

    operations = [
        migrations.AddField(
            model_name="embeddingspace",
            name="storage",
            field=models.CharField(
                choices=[
                    ("float", "Full precision"),
                    ("half", "Half precision"),
                    ("binary", "Half precision, found by one bit a dimension"),
                ],
                default="half",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="passage",
            name="full_embedding",
            field=pgvector.django.vector.VectorField(
                help_text="The same in full precision, in spaces that keep it.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="embeddingspace",
            constraint=models.CheckConstraint(
                condition=models.Q(("storage__in", ["float", "half", "binary"])), name="space_storage_known"
            ),
        ),
    ]
