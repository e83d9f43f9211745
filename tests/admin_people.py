"""Browsers of the people whom the admin's tests know: an administrator, a curator, and Charlie, the stranger."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.test import Client

from catalog.admin.people import CURATORS, MEMBERS
from catalog.models import Collection


def administrator() -> Client:
    return _browser(User.objects.create_superuser("ada"))


def curator() -> Client:
    user = User.objects.create_user("cleo", is_staff=True)
    user.groups.add(Group.objects.get(name=CURATORS))
    return _browser(user)


def member(*collections: Collection) -> Client:
    """A curator of these collections only."""
    user = User.objects.create_user("mia", is_staff=True)
    user.groups.add(Group.objects.get(name=MEMBERS))
    user.member_collections.set(collections)
    return _browser(user)


def charlie() -> Client:
    """Staff without a single permission."""
    return _browser(User.objects.create_user("charlie", is_staff=True))


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
