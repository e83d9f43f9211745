"""Users and groups with the admin's look, and the group of curators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission, User
from django.db.models.signals import post_migrate
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

if TYPE_CHECKING:

    class UnfoldModelAdmin: ...
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin

CURATORS = "Curators"
MEMBERS = "Curators of their collections"
ALL_COLLECTIONS = "all_collections"

# What a curator does every day, in all collections or in those of which he is a member. Users, groups and API keys are
# for administrators.
CURATOR_PERMISSIONS = {
    "catalog": {
        "collection": ("view", "change"),
        "item": ("view", "add", "change", "delete"),
        "run": ("view", "change"),
    },
    "search": {
        "itemembedding": ("view", "change"),
        "embeddingspace": ("view",),
        "duplicatepair": ("view", "change"),
        "evaluationrun": ("view",),
        "judgedset": ("view",),
        "suggestion": ("view", "change"),
        "topic": ("view", "change"),
    },
}

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, UnfoldModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, UnfoldModelAdmin):
    pass


def ensure_curators(app_config: AppConfig, **kwargs: Any) -> None:
    """Gives both groups their permissions after each migration. What an administrator adds to them stays."""
    codenames = [
        f"{action}_{model}"
        for model, actions in CURATOR_PERMISSIONS.get(app_config.label, {}).items()
        for action in actions
    ]
    if codenames:
        create_permissions(app_config, verbosity=0, using=kwargs["using"])
        _add_permissions(MEMBERS, app_config.label, codenames, kwargs["using"])
        _add_permissions(CURATORS, app_config.label, [*codenames, ALL_COLLECTIONS], kwargs["using"])


def _add_permissions(group_name: str, app_label: str, codenames: list[str], using: str) -> None:
    group, _ = Group.objects.using(using).get_or_create(name=group_name)
    permissions = Permission.objects.using(using)
    group.permissions.add(*permissions.filter(content_type__app_label=app_label, codename__in=codenames))


for label in CURATOR_PERMISSIONS:
    post_migrate.connect(ensure_curators, sender=apps.get_app_config(label), dispatch_uid=f"curators.{label}")
