"""Ending the life of API keys."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import ApiKey


def revoke_keys(*, keys: QuerySet[ApiKey]) -> list[ApiKey]:
    """Revokes those that are not revoked yet, from the next request on, and returns them."""
    revoked = list(keys.filter(revoked_at__isnull=True))
    ApiKey.objects.filter(pk__in=[key.pk for key in revoked]).update(revoked_at=timezone.now())
    return revoked
