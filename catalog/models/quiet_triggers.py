"""Makes every trigger of django-pgtrigger ask without an error whether it is to be ignored.

The function that comes with the package asks for a setting that is not there and catches the error: a subtransaction
for each row, at whose end PostgreSQL looks through all rows of the transaction with foreign keys yet to be checked.
A transaction that writes n rows took time in proportion to n².
"""

from __future__ import annotations

from typing import Any

from django.db import connections

# As the package has it, in everything but how it asks.
SHOULD_IGNORE = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
    LANGUAGE sql STABLE AS $$
        SELECT coalesce(
            trigger_name = ANY(nullif(current_setting('pgtrigger.ignore', true), '')::text[]), false
        )
    $$
"""


def ask_quietly(using: str, **_: Any) -> None:
    """After migrations, each of which may bring the package's own function back."""
    with connections[using].cursor() as cursor:
        cursor.execute(SHOULD_IGNORE)
