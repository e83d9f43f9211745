"""Who may see and change what. Pages, API and admin ask here and nowhere else."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.errors import Forbidden, NotFound, Unauthenticated
from catalog.models import ApiKey, Collection
from catalog.models.api_key import Scope

KEY_PREFIX = "akin_"
RANKS = {Scope.READ: 1, Scope.WRITE: 2, Scope.CURATE: 3}

# What a person needs for each scope, the ones before it included. Where these hold, membership says.
PERMISSIONS = {
    Scope.READ: ("catalog.view_item",),
    Scope.WRITE: ("catalog.add_item", "catalog.change_item"),
    Scope.CURATE: ("catalog.change_collection",),
}
EVERYWHERE = "catalog.all_collections"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks. `rank` 0 is a stranger, 1 may read, 2 write, 3 curate; `collection_ids` None means all."""

    rank: int = 0
    collection_ids: frozenset[int] | None = None
    user_id: int | None = None
    name: str = ""

    def has(self, scope: Scope, collection: Collection | None = None) -> bool:
        """Whether the actor may act in that scope, on the collection or on any."""
        if self.rank < RANKS[scope]:
            return False
        return self.collection_ids is None or (collection is not None and collection.pk in self.collection_ids)


STRANGER = Actor()


def actor_of_user(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """Permissions say what a person may do, membership of collections where; superusers may everything.

    Who has no permission reads what is public, like anybody.
    """
    if not isinstance(user, PermissionsMixin) or not user.is_active:
        return STRANGER
    rank = 0
    for scope, permissions in PERMISSIONS.items():
        if not user.has_perms(permissions):
            break
        rank = RANKS[scope]
    return Actor(rank=rank, collection_ids=_ids_of_user(user), user_id=user.pk, name=user.get_username())


def acts_everywhere(user: AbstractBaseUser | AnonymousUser | PermissionsMixin) -> bool:
    """Whether the person's permissions hold in all collections, those to come included."""
    return isinstance(user, PermissionsMixin) and user.has_perm(EVERYWHERE)


def collections_of_user(user: AbstractBaseUser | AnonymousUser | PermissionsMixin) -> QuerySet[Collection]:
    """The collections in which the person's permissions hold."""
    collections = Collection.objects.all()
    return collections if acts_everywhere(user) else collections.filter(members=user.pk)


def _ids_of_user(user: PermissionsMixin) -> frozenset[int] | None:
    if acts_everywhere(user):
        return None
    return frozenset(collections_of_user(user).order_by().values_list("pk", flat=True))


def actor_of_key(secret: str) -> Actor:
    """Raises Unauthenticated when the key is unknown, expired, revoked, or outlived its last collection."""
    now = timezone.now()
    key = ApiKey.objects.filter(digest=_digest(secret), revoked_at__isnull=True).exclude(expires_at__lt=now).first()
    if key is None or (ids := _ids_of_key(key)) == frozenset():
        raise Unauthenticated("The API key is unknown, expired or revoked.")
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Actor(rank=RANKS[Scope(key.scope)], collection_ids=ids, name=key.name)


def _ids_of_key(key: ApiKey) -> frozenset[int] | None:
    return None if key.all_collections else frozenset(key.collections.values_list("pk", flat=True))


def create_key(
    *, name: str, scope: Scope, collections: Iterable[Collection] | None = None, user_id: int | None = None
) -> tuple[ApiKey, str]:
    """Returns the key and its secret, which is shown once and not kept. It covers those collections; None is all."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            scope=scope,
            all_collections=collections is None,
            prefix=secret[:10],
            digest=_digest(secret),
            created_by_id=user_id,
        )
        key.collections.set(collections or [])
    return key, secret


def readable_collections(actor: Actor) -> QuerySet[Collection]:
    """The collections whose existence the actor may know of."""
    collections = Collection.objects.all()
    if actor.rank == 0:
        return collections.public()
    if actor.collection_ids is None:
        return collections
    return collections.filter(Q(pk__in=actor.collection_ids) | Q(visibility="public"))


def own_collections(actor: Actor) -> QuerySet[Collection]:
    """The collections in which the actor's rights hold: where drafts are seen and things are changed."""
    if actor.collection_ids is None:
        return Collection.objects.all()
    return Collection.objects.filter(pk__in=actor.collection_ids)


def readable_collection(actor: Actor, slug: str) -> Collection:
    """Raises NotFound alike for a missing collection and for one that the actor may not know of."""
    collection = readable_collections(actor).filter(slug=slug).first()
    if collection is None:
        raise NotFound(f"There is no collection '{slug}'.")
    return collection


def require(actor: Actor, scope: Scope, collection: Collection | None = None) -> None:
    """Raises Unauthenticated for a stranger and Forbidden for an actor whose scope is too small."""
    if actor.has(scope, collection):
        return
    if actor is STRANGER or (actor.rank == 0 and actor.user_id is None):
        raise Unauthenticated("This needs an API key or a signed-in curator.")
    raise Forbidden(f"This needs the scope '{scope.value}'.")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
