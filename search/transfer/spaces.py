"""Which of a file's vectors can be used here: those whose space is one of ours in all that makes a vector."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from catalog.errors import InvalidInput
from search.errors import SpaceConflict
from search.models import EmbeddingSpace, ItemEmbedding
from search.models.embedding import LIVE_STATES, Modality, SpaceState

IDENTITY: Final = (
    "kind",
    "model",
    "revision",
    "dimensions",
    "storage",
    "modality",
    "query_prefix",
    "document_prefix",
    "template_version",
    "options",
)


def described(space: EmbeddingSpace) -> dict[str, Any]:
    return {"id": space.pk, "name": space.name, "state": space.state} | {
        name: getattr(space, name) for name in IDENTITY
    }


def match_spaces(theirs: list[dict[str, Any]], *, embeds_anew: bool) -> dict[int, int]:
    """Our space for each of the file's, by their ids. Where nothing was ever embedded the file's active one is taken.

    Raises SpaceConflict when queries are answered by a model that the file has no vectors of, unless they may be
    embedded anew.
    """
    found = {space["id"]: pk for space in theirs if (pk := _same(space)) is not None}
    active = EmbeddingSpace.objects.filter(state=SpaceState.ACTIVE, modality=Modality.TEXT).first()
    if active is not None and active.pk in found.values():
        return found
    wanted = next((space for space in theirs if space["state"] == SpaceState.ACTIVE), None)
    if wanted and (active is None or not ItemEmbedding.objects.filter(space=active).exists()):
        return {**found, wanted["id"]: _taken_over(wanted, active)}
    if not embeds_anew:
        raise SpaceConflict(
            f"The file's vectors are of {wanted['model'] if wanted else 'no model'}, and queries are answered here by "
            f"{active.model if active else 'no model'}. Activate that model first (manage.py spaces), or let the "
            "items be embedded anew (--embed-anew)."
        )
    return found


def _same(space: dict[str, Any]) -> int | None:
    identity = {name: space[name] for name in IDENTITY}
    return EmbeddingSpace.objects.filter(state__in=LIVE_STATES, **identity).values_list("pk", flat=True).first()


def _taken_over(space: dict[str, Any], active: EmbeddingSpace | None) -> int:
    """The file's active space becomes ours; the one before, in which there is nothing, rests."""
    if active is not None:
        EmbeddingSpace.objects.filter(pk=active.pk).update(state=SpaceState.RETIRED)
    if EmbeddingSpace.objects.filter(name=space["name"]).exists():
        raise InvalidInput(f"There is another space called '{space['name']}' here: rename it.")
    identity = {name: space[name] for name in IDENTITY}
    made = EmbeddingSpace(name=space["name"], state=SpaceState.ACTIVE, activated_at=timezone.now(), **identity)
    made.full_clean()
    made.save()
    return made.pk
