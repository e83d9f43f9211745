"""Taking a step with an embedding space: the same use cases as `manage.py spaces`, long ones left to the workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.errors import CatalogError
from search.admin.spaces.desk import SpaceDesk
from search.admin.spaces.space_page import Step, steps_of
from search.embedding.spaces import lifecycle
from search.evaluation.comparing import start_comparison
from search.messages import send
from search.models import EmbeddingSpace


def take_step(desk: SpaceDesk, request: HttpRequest, space_id: int) -> HttpResponse:
    """Takes the step that the page offers, after asking once more where it cannot be undone easily."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not desk.has_steps_permission(request):
        raise PermissionDenied
    space = get_object_or_404(EmbeddingSpace, pk=space_id)
    step = next((one for one in steps_of(space) if one.name == request.POST.get("step")), None)
    address = reverse("admin:search_embeddingspace_change", args=[space.pk])
    if step is None:
        messages.error(request, f"{space.name} is {space.get_state_display().lower()}: that cannot be done now.")
    elif step.refusal:
        messages.error(request, step.refusal)
    elif step.warning and not request.POST.get("confirmed"):
        return _ask_again(desk, request, space, step)
    else:
        _take(desk, request, space, step)
    return HttpResponseRedirect(address)


def _ask_again(desk: SpaceDesk, request: HttpRequest, space: EmbeddingSpace, step: Step) -> HttpResponse:
    context: dict[str, Any] = {
        **desk.admin_site.each_context(request),
        "title": f"{step.label} {space.name}?",
        "opts": desk.opts,
        "space": space,
        "step": step,
    }
    return TemplateResponse(request, "admin/search/embeddingspace/confirm.html", context)


def _take(desk: SpaceDesk, request: HttpRequest, space: EmbeddingSpace, step: Step) -> None:
    try:
        said = STEPS[step.name](request, space, step)
    except CatalogError as error:
        messages.error(request, error.message)
        return
    desk.log_change(request, space, said)
    messages.success(request, said)


def _build(request: HttpRequest, space: EmbeddingSpace, step: Step) -> str:
    run = lifecycle.build_space(space)
    return f"Workers embed {run.total or 0:,} items in {space.name}; it is ready when all are in it and indexed."


def _compare(request: HttpRequest, space: EmbeddingSpace, step: Step) -> str:
    start_comparison(space=space, user_id=request.user.pk)
    return f"A worker compares {space.name} with the space that answers."


def _activate(request: HttpRequest, space: EmbeddingSpace, step: Step) -> str:
    lifecycle.activate_space(space, is_forced=bool(step.warning))
    _calibrate_soon()
    return f"{space.name} answers queries now{', although: ' + step.warning if step.warning else '.'}"


def _roll_back(request: HttpRequest, space: EmbeddingSpace, step: Step) -> str:
    space = lifecycle.roll_back()
    _calibrate_soon()
    return f"{space.name} answers queries again."


def _retire(request: HttpRequest, space: EmbeddingSpace, step: Step) -> str:
    lifecycle.retire_space(space)
    return f"{space.name} is retired; its vectors are gone, and its indexes go with the next upkeep."


def _calibrate_soon() -> None:
    """The bands belong to a space. Beat would see to it in some minutes."""
    send("retrieval.calibrate")


STEPS: dict[str, Callable[[HttpRequest, EmbeddingSpace, Step], str]] = {
    "build": _build,
    "compare": _compare,
    "activate": _activate,
    "rollback": _roll_back,
    "retire": _retire,
}
