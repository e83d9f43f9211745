"""API keys in the admin: made here, shown once, revoked here. What a key may do is fixed when it is made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from catalog.access import create_key
from catalog.admin.site import ModelAdmin, ModelForm, badge
from catalog.models import ApiKey
from catalog.models.api_key import Scope
from catalog.services.api_keys import revoke_keys


class ApiKeyForm(ModelForm[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ["name", "scope", "all_collections", "collections", "expires_at"]

    def clean(self) -> dict[str, Any]:
        """What a new key covers is said expressly."""
        data = super().clean() or self.cleaned_data
        if "collections" in data and bool(data["collections"]) == data.get("all_collections"):
            self.add_error("collections", "Choose collections, or tick that it covers all of them.")
        return data


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin[ApiKey]):
    """The secret goes from the function that makes it into one response, and nowhere else."""

    form = ApiKeyForm
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
    add_fieldsets = ((None, {"fields": ["name", "scope", "all_collections", "collections", "expires_at"]}),)
    fieldsets = (
        (None, {"fields": ["name", ("prefix", "scope"), "all_collections", "collections", "expires_at"]}),
        ("History", {"fields": [("created_by", "created_at"), ("last_used_at", "revoked_at")]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).defer("digest").prefetch_related("collections")

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
