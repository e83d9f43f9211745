"""Who may see and change what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.utils import timezone

from catalog.access import (
    STRANGER,
    Actor,
    actor_of_key,
    actor_of_user,
    create_key,
    readable_collection,
    readable_collections,
    require,
)
from catalog.admin.people import CURATORS, MEMBERS
from catalog.errors import Forbidden, NotFound, Unauthenticated
from catalog.models import ApiKey, Collection
from catalog.models.api_key import Scope
from catalog.services.api_keys import revoke_keys
from catalog.services.collections import delete_collection
from tests.factories import make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def public() -> Collection:
    return make_collection("public")


@pytest.fixture
def private() -> Collection:
    return make_collection("private", visibility="private")


def slugs(actor: Actor) -> set[str]:
    return set(readable_collections(actor).values_list("slug", flat=True))


def key_actor(scope: Scope, *collections: Collection) -> Actor:
    key, secret = create_key(name="program", scope=scope)
    key.collections.set(collections)
    return actor_of_key(secret)


def test_a_stranger_reads_what_is_public_and_changes_nothing(public: Collection, private: Collection) -> None:
    stranger = actor_of_user(AnonymousUser())
    assert stranger == STRANGER and slugs(stranger) == {"public"}
    for scope in Scope:
        with pytest.raises(Unauthenticated):
            require(stranger, scope, public)


def test_a_private_collection_looks_to_a_stranger_as_if_there_were_none(private: Collection) -> None:
    with pytest.raises(NotFound) as hidden:
        readable_collection(STRANGER, "private")
    with pytest.raises(NotFound) as missing:
        readable_collection(STRANGER, "missing")
    assert hidden.value.message.replace("private", "missing") == missing.value.message


def test_charlie_who_signed_in_but_is_no_staff_may_no_more_than_a_stranger(
    public: Collection, private: Collection
) -> None:
    charlie = actor_of_user(User.objects.create_user("charlie"))
    assert slugs(charlie) == {"public"}
    with pytest.raises(Forbidden):
        require(charlie, Scope.WRITE, public)


def person(name: str, *groups: str, **fields: Any) -> User:
    user = User.objects.create_user(name, **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def test_staff_without_a_permission_may_no_more_than_a_stranger(public: Collection, private: Collection) -> None:
    alice = actor_of_user(person("alice", is_staff=True))
    assert slugs(alice) == {"public"}
    with pytest.raises(Forbidden):
        require(alice, Scope.READ, public)


def test_curators_act_in_all_collections_until_they_are_switched_off(public: Collection, private: Collection) -> None:
    for user in (person("alice", CURATORS, is_staff=True), person("ada", is_superuser=True)):
        actor = actor_of_user(user)
        assert slugs(actor) == {"public", "private"}
        require(actor, Scope.CURATE, private)
        user.is_active = False
        assert actor_of_user(user) == STRANGER


def test_members_act_in_their_collections_only(public: Collection, private: Collection) -> None:
    secret_plans = make_collection("plans", visibility="private")
    user = person("bob", MEMBERS, is_staff=True)
    private.members.add(user)
    bob = actor_of_user(user)
    assert slugs(bob) == {"public", "private"}
    require(bob, Scope.CURATE, private)
    for collection in (public, secret_plans, None):
        with pytest.raises(Forbidden):
            require(bob, Scope.READ, collection)


def test_membership_gives_no_more_than_the_permissions_of_the_person(private: Collection) -> None:
    user = person("reader")
    private.members.add(user)
    user.user_permissions.add(Permission.objects.get(codename="view_item"))
    reader = actor_of_user(User.objects.get(pk=user.pk))
    require(reader, Scope.READ, private)
    with pytest.raises(Forbidden):
        require(reader, Scope.WRITE, private)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.WRITE, {Scope.READ, Scope.WRITE}),
        (Scope.CURATE, {Scope.READ, Scope.WRITE, Scope.CURATE}),
    ],
)
def test_a_key_may_what_its_scope_says(public: Collection, scope: Scope, allowed: set[Scope]) -> None:
    actor = key_actor(scope)
    for wanted in Scope:
        assert actor.has(wanted, public) is (wanted in allowed)
        if wanted not in allowed:
            with pytest.raises(Forbidden, match=f"scope '{wanted.value}'"):
                require(actor, wanted, public)


def test_a_key_for_some_collections_acts_there_only_and_reads_the_public_ones(
    public: Collection, private: Collection
) -> None:
    secret_plans = make_collection("plans", visibility="private")
    actor = key_actor(Scope.CURATE, private)
    assert slugs(actor) == {"public", "private"}
    require(actor, Scope.CURATE, private)
    for collection in (public, secret_plans, None):
        with pytest.raises(Forbidden):
            require(actor, Scope.WRITE, collection)


def test_an_unknown_a_revoked_and_an_expired_key_are_refused_alike() -> None:
    secrets = [create_key(name=name, scope=Scope.READ)[1] for name in ("revoked", "expired", "good")]
    revoke_keys(keys=ApiKey.objects.filter(name="revoked"))
    ApiKey.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(seconds=1))
    ApiKey.objects.filter(name="good").update(expires_at=timezone.now() + timedelta(days=1))
    messages = set()
    for secret in (secrets[0], secrets[1], "akin_unknown", "", "\x00", "é" * 10_000):
        with pytest.raises(Unauthenticated) as refused:
            actor_of_key(secret)
        messages.add(refused.value.message)
    assert len(messages) == 1
    assert actor_of_key(secrets[2]).name == "good"


def test_the_secret_of_a_key_is_not_kept() -> None:
    key, secret = create_key(name="program", scope=Scope.READ)
    stored = ApiKey.objects.values().get(pk=key.pk)
    assert all(secret[10:] not in str(value) for value in stored.values())
    assert secret.startswith(key.prefix)


def test_the_last_use_of_a_key_is_noted() -> None:
    key, secret = create_key(name="program", scope=Scope.READ)
    actor_of_key(secret)
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    actor_of_key(secret)
    assert first is not None and ApiKey.objects.get(pk=key.pk).last_used_at == first


def test_a_key_does_not_widen_to_everything_when_its_only_collection_is_deleted(
    public: Collection, private: Collection
) -> None:
    doomed = make_collection("doomed")
    secrets = {}
    for name, collections in {"one": [doomed], "two": [doomed, private], "all": []}.items():
        key, secrets[name] = create_key(name=name, scope=Scope.CURATE)
        key.collections.set(collections)
    delete_collection(collection=doomed)
    with pytest.raises(Unauthenticated):
        actor_of_key(secrets["one"])
    assert actor_of_key(secrets["two"]).collection_ids == frozenset({private.pk})
    assert actor_of_key(secrets["all"]).collection_ids is None


def test_a_key_covers_everything_only_by_its_flag(public: Collection) -> None:
    key, secret = create_key(name="limited", scope=Scope.CURATE, collections=[public])
    Collection.objects.filter(pk=public.pk).delete()  # not by the service, so nothing revokes the key
    with pytest.raises(Unauthenticated):
        actor_of_key(secret)
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None
    assert create_key(name="nothing", scope=Scope.CURATE, collections=[])[0].all_collections is False


def test_naming_a_collection_limits_a_key_to_it_whoever_does_it(public: Collection, private: Collection) -> None:
    key, secret = create_key(name="all", scope=Scope.CURATE)
    assert actor_of_key(secret).collection_ids is None
    key.collections.through.objects.create(apikey_id=key.pk, collection_id=public.pk)
    assert actor_of_key(secret).collection_ids == frozenset([public.pk])
