"""Keys of the JSON API: only a digest is kept, and a key may do no more than its scope says."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models.collection import Collection


class Scope(models.TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Read and write items"
    CURATE = "curate", "Read, write, decide duplicates and manage collections"


class ApiKey(models.Model):
    """A hashed key. It covers the collections that it names, or all of them where `all_collections` says so.

    Naming a collection limits the key: a trigger takes the flag away. A key with neither may nothing.
    """

    name = models.CharField(max_length=200, help_text="What uses this key.")
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.READ)
    all_collections = models.BooleanField(
        default=False, help_text="Also those that are made later. Otherwise only the collections that are chosen."
    )
    collections = models.ManyToManyField(Collection, blank=True, related_name="api_keys")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
