"""A collection: the items that are searched together, and how they are to be read."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q

SLUG_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*\Z"

validate_slug = RegexValidator(SLUG_PATTERN, "Use lower-case letters, digits and single dashes, as in 'garden-tools'.")


class Language(models.TextChoices):
    """The text search configurations that every PostgreSQL has; the value is the configuration's name."""

    SIMPLE = "simple", "No stemming"
    ARABIC = "arabic", "Arabic"
    ARMENIAN = "armenian", "Armenian"
    BASQUE = "basque", "Basque"
    CATALAN = "catalan", "Catalan"
    DANISH = "danish", "Danish"
    DUTCH = "dutch", "Dutch"
    ENGLISH = "english", "English"
    FINNISH = "finnish", "Finnish"
    FRENCH = "french", "French"
    GERMAN = "german", "German"
    GREEK = "greek", "Greek"
    HINDI = "hindi", "Hindi"
    HUNGARIAN = "hungarian", "Hungarian"
    INDONESIAN = "indonesian", "Indonesian"
    IRISH = "irish", "Irish"
    ITALIAN = "italian", "Italian"
    LITHUANIAN = "lithuanian", "Lithuanian"
    NEPALI = "nepali", "Nepali"
    NORWEGIAN = "norwegian", "Norwegian"
    PORTUGUESE = "portuguese", "Portuguese"
    ROMANIAN = "romanian", "Romanian"
    RUSSIAN = "russian", "Russian"
    SERBIAN = "serbian", "Serbian"
    SPANISH = "spanish", "Spanish"
    SWEDISH = "swedish", "Swedish"
    TAMIL = "tamil", "Tamil"
    TURKISH = "turkish", "Turkish"
    YIDDISH = "yiddish", "Yiddish"


class Visibility(models.TextChoices):
    PUBLIC = "public", "Public: anyone may read"
    PRIVATE = "private", "Private: only its members, and API keys that cover it"


class SchemaSource(models.TextChoices):
    """Who made the attribute schema. What a person made is never changed by a program."""

    NONE = "none", "Not made yet"
    FOUND = "found", "Found in the rows"
    EDITED = "edited", "Edited"


class CollectionQuerySet(models.QuerySet["Collection"]):
    def public(self) -> CollectionQuerySet:
        return self.filter(visibility=Visibility.PUBLIC)


class Collection(models.Model):
    """Items that are searched together, with the language and the attributes they share."""

    slug = models.CharField(max_length=64, unique=True, validators=[validate_slug])
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="", validators=[MaxLengthValidator(5_000)])
    language = models.CharField(max_length=20, choices=Language, default=Language.ENGLISH)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    attribute_schema: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        blank=True,
        help_text="For each attribute its type and roles, as in "
        '{"brand": {"type": "term", "facet": true}, "sku": {"type": "term", "identifier": true}}.',
    )
    schema_source = models.CharField(
        max_length=10, choices=SchemaSource, default=SchemaSource.NONE, db_default=SchemaSource.NONE, editable=False
    )
    schema_rows = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Items that the schema was found in."
    )
    duplicate_policy: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        blank=True,
        help_text='Which pairs may be duplicates, as in {"across": "source"} or {"enabled": false}.',
    )
    search_settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict,
        blank=True,
        help_text='How the collection is searched, as in {"lexical_weight": 2} or {"fusion": "rrf"}.',
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="member_collections",
        help_text="People whose permissions hold in this collection. Who has the permission to act in all "
        "collections need not be named.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        permissions = [("all_collections", "Can act in all collections")]
        constraints = [
            models.CheckConstraint(name="collection_visibility_known", condition=Q(visibility__in=Visibility.values)),
        ]
        triggers = [
            # The language and the identifiers of items follow their collection, whoever changes it.
            pgtrigger.Trigger(
                name="collection_rereads_items",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("language", "attribute_schema"),
                condition=pgtrigger.AnyChange("language", "attribute_schema"),
                func="""
                    UPDATE catalog_item
                    SET language = NEW.language::regconfig,
                        identifiers = akin_identifiers(external_id, attributes, NEW.attribute_schema),
                        identifier_parts = akin_identifier_parts(external_id, attributes, NEW.attribute_schema),
                        attribute_texts = akin_attribute_texts(attributes, NEW.attribute_schema)
                    WHERE collection_id = NEW.id
                      AND (language, identifiers, attribute_texts) IS DISTINCT FROM (
                          NEW.language::regconfig,
                          akin_identifiers(external_id, attributes, NEW.attribute_schema),
                          akin_attribute_texts(attributes, NEW.attribute_schema)
                      );
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name
