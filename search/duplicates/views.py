"""The form that adds an item: it warns of what exists already, while typing and once more before saving."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from catalog.access import actor_of_user, readable_collection, require
from catalog.errors import Conflict, InvalidInput
from catalog.models import Collection
from catalog.models.api_key import Scope
from catalog.pages.forms import ItemForm
from catalog.services.items import create_item, delete_item, get_item
from search.duplicates.adding import DuplicateWarning, may_undo, remember_added, warn


def _writable(request: HttpRequest, slug: str) -> Collection:
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    require(actor, Scope.WRITE, collection)
    return collection


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Saves at once when nothing speaks against it, else shows the possible duplicates and asks again."""
    collection = _writable(request, slug)
    if request.method != "POST":
        return _form_page(request, ItemForm(collection, initial={"title": request.GET.get("title", "")[:1000]}))
    form = ItemForm(collection, request.POST)
    if not form.is_valid() or form.entry is None:
        return _form_page(request, form, status=422)
    warning = warn(collection, form.entry)
    if warning.has_unseen(request.POST.getlist("seen")):
        return _form_page(request, form, warning)
    return _save(request, form)


def _save(request: HttpRequest, form: ItemForm) -> HttpResponse:
    assert form.entry is not None
    try:
        item = create_item(collection=form.collection, entry=form.entry)
    except Conflict as error:
        form.add_error("external_id", error.message)
        return _form_page(request, form, status=409)
    remember_added(request.session, item)
    messages.success(request, "Added. It can be found as soon as it is indexed.")
    return redirect("catalog:item", form.collection.slug, item.external_id)


def _form_page(
    request: HttpRequest, form: ItemForm, warning: DuplicateWarning | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "collection": form.collection, "warning": warning, "is_asking_again": bool(warning)}
    return render(request, "search/add.html", context, status=status)


@require_POST
@never_cache
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """What the half-written item may duplicate, and the external id it would get."""
    form = ItemForm(_writable(request, slug), request.POST)
    form.is_valid()
    context: dict[str, object] = {"collection": form.collection, "warning": None}
    try:
        entry = form.entry or form.read({**form.cleaned_data, **_texts(form)})
        context |= {"warning": warn(form.collection, entry), "suggested_id": entry.external_id}
    except InvalidInput:
        pass  # nothing written yet, or far too much: saving will say so
    return render(request, "search/_check.html", context)


def _texts(form: ItemForm) -> dict[str, str]:
    """Title and body as they are typed; without them an identifier speaks for the item."""
    texts = {name: str(form[name].value() or "") for name in ("title", "body")}
    codes = [str(form.cleaned_data.get(name) or "") for name in form.identifier_names]
    return texts if any(texts.values()) else {**texts, "title": " ".join(filter(None, codes))}


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes back the item that this browser added just now."""
    collection = _writable(request, slug)
    item = get_item(collection=collection, external_id=request.POST.get("external_id", ""))
    if not may_undo(request.session, item):
        raise PermissionDenied("It can no longer be taken back here; ask a curator to archive it.")
    delete_item(item=item)
    messages.success(request, f"“{item}” was taken back.")
    return redirect("search:page", collection.slug)
