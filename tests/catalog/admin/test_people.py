"""People in the admin: an administrator makes accounts, and every page of every model opens."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests.admin_people import administrator

pytestmark = pytest.mark.django_db
ADD = "/admin/auth/user/add/"


def test_an_account_is_added_given_a_group_and_removed() -> None:
    browser = administrator()
    page = browser.get(ADD).content.decode()
    assert 'name="username"' in page and 'name="password1"' in page
    sent = {
        "username": "erin",
        "usable_password": "true",
        "password1": "a-Long-phrase-9",
        "password2": "a-Long-phrase-9",
    }
    assert browser.post(ADD, sent).status_code == 302
    erin = User.objects.get(username="erin")
    assert erin.check_password("a-Long-phrase-9") and not erin.is_staff
    address = reverse("admin:auth_user_change", args=[erin.pk])
    assert 'name="is_staff"' in browser.get(address).content.decode()
    group = Group.objects.first()
    assert group is not None
    changed = {"username": "erin", "is_active": "on", "is_staff": "on", "groups": [group.pk], "email": "",
               "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}  # fmt: skip
    assert browser.post(address, changed).status_code == 302
    erin = User.objects.get(username="erin")
    assert erin.is_staff and list(erin.groups.all()) == [group]
    assert browser.post(reverse("admin:auth_user_delete", args=[erin.pk]), {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="erin").exists()


def test_passwords_that_differ_are_refused_beside_their_field() -> None:
    answer = administrator().post(ADD, {"username": "erin", "usable_password": "true", "password1": "a-Long-phrase-9",
                                        "password2": "another-phrase-9"})  # fmt: skip
    assert answer.status_code == 200 and answer.context["adminform"].form.errors.keys() == {"password2"}


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: str(model._meta.label_lower))
def test_the_list_and_the_form_of_every_model_open(model: type[Model], client: Client) -> None:
    browser = administrator()
    options = model._meta
    assert browser.get(reverse(f"admin:{options.app_label}_{options.model_name}_changelist")).status_code == 200
    added = browser.get(reverse(f"admin:{options.app_label}_{options.model_name}_add"))
    assert added.status_code in (200, 403)
    if added.status_code == 200:
        assert "<input" in added.content.decode() or "<textarea" in added.content.decode()
