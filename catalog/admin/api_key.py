"""API keys in the admin: made here, shown once, revoked here. What a key may do is fixed when it is made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from catalog.access import RANKS, actor_of_user, acts_everywhere, create_key
from catalog.admin.scope import OfCollections, own_collections
from catalog.admin.site import ModelAdmin, ModelForm, badge
from catalog.models import ApiKey, Collection
from catalog.models.api_key import Scope
from catalog.services.api_keys import revoke_keys


class ApiKeyForm(ModelForm[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ["name", "scope", "all_collections", "collections", "expires_at"]

    def clean(self) -> dict[str, Any]:
        """What a new key covers is said expressly."""
        data = super().clean() or self.cleaned_data
        if "collections" in data and bool(data["collections"]) == bool(data.get("all_collections")):
            self.add_error("collections", "Choose collections, or tick that it covers all of them.")
        return data


@admin.register(ApiKey)
class ApiKeyAdmin(OfCollections, ModelAdmin[ApiKey]):
    """The secret goes from the function that makes it into one response, and nowhere else."""

    form = ApiKeyForm
    to_collection = "collections"
    list_display = (
        "name",
        "prefix",
        "scope",
        "state",
        "covers",
        "created_by",
        "created_at",
        "last_used_at",
        "expires_at",
    )
    list_filter = ("scope",)
    list_select_related = ("created_by",)
    search_fields = ("name", "prefix")
    show_full_result_count = False
    actions = ("revoke",)
    filter_horizontal = ("collections",)
    fieldsets = (
        (None, {"fields": ["name", ("prefix", "scope"), "all_collections", "collections", "expires_at"]}),
        ("History", {"fields": [("created_by", "created_at"), ("last_used_at", "revoked_at")]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Who does not act everywhere sees the keys that do not reach further than he does."""
        keys = super().get_queryset(request).defer("digest").prefetch_related("collections")
        if acts_everywhere(request.user):
            return keys
        foreign = Collection.objects.exclude(pk__in=own_collections(request))
        beyond = ApiKey.objects.filter(Q(all_collections=True) | Q(collections__in=foreign))
        return keys.exclude(pk__in=beyond.values("pk")).distinct()

    def is_own(self, request: HttpRequest, row: ApiKey | None) -> bool:
        return row is None or self.get_queryset(request).filter(pk=row.pk).exists()

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Nobody makes a key for more collections than his own."""
        if obj is not None:
            return self.fieldsets
        names = ["name", "scope", "all_collections", "collections", "expires_at"]
        return [(None, {"fields": [n for n in names if n != "all_collections" or acts_everywhere(request.user)]})]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nor with a scope above what his own permissions allow."""
        if db_field.name == "scope":
            rank = actor_of_user(request.user).rank
            kwargs["choices"] = [(str(v), str(label)) for v, label in Scope.choices if RANKS[Scope(v)] <= rank]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        fixed = (
            "prefix",
            "scope",
            "all_collections",
            "collections",
            "created_by",
            "created_at",
            "last_used_at",
            "revoked_at",
        )
        return fixed if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """A revoked key stays, as the record of what was open to whom."""
        return False

    @badge("State", {"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at < timezone.now() else "active"

    @admin.display(description="Collections")
    def covers(self, key: ApiKey) -> str:
        return "all" if key.all_collections else ", ".join(collection.slug for collection in key.collections.all())

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm[ApiKey], change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "expires_at"])
            return
        chosen = None if obj.all_collections else form.cleaned_data["collections"]
        key, secret = create_key(name=obj.name, scope=Scope(obj.scope), collections=chosen, user_id=request.user.pk)
        key.expires_at = obj.expires_at
        key.save(update_fields=["expires_at"])
        obj.__dict__.update(key.__dict__)
        setattr(request, "new_key_secret", secret)  # noqa: B010 - for response_add, of this request only

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "The new API key",
            "opts": self.opts,
            "key": obj,
            "secret": getattr(request, "new_key_secret"),  # noqa: B009
        }
        response = TemplateResponse(request, "admin/catalog/apikey/created.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = revoke_keys(keys=queryset)
        for key in revoked:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{len(revoked)} keys revoked.")
