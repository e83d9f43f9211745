"""Adding an embedding space in the admin: the model is loaded and tried out before anything is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_slug
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.admin.site import PrettyJSONField
from catalog.errors import CatalogError
from search.admin.spaces.desk import SpaceDesk
from search.embedding.spaces.lifecycle import add_space
from search.embedding.storage import MAX_DIMENSIONS
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind, Storage

KINDS = [(value, label) for value, label in EncoderKind.choices if value != EncoderKind.FAKE]


class SpaceForm(forms.Form):
    """The arguments of `manage.py spaces add`."""

    name = forms.CharField(
        max_length=100,
        validators=[validate_slug],
        widget=UnfoldAdminTextInputWidget(),
        help_text="A short name of letters, digits, hyphens and underscores.",
    )
    kind = forms.ChoiceField(choices=KINDS, widget=UnfoldAdminSelectWidget())
    model = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Name of a sentence-transformers model or its folder on the server, or the endpoint's model.",
    )
    revision = forms.CharField(
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Commit, tag or branch of the model.",
    )
    dimensions = forms.IntegerField(
        min_value=1,
        max_value=max(MAX_DIMENSIONS.values()),
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="Cuts vectors to so many, which suits Matryoshka models only; an endpoint needs it.",
    )
    storage = forms.ChoiceField(
        choices=Storage.choices,
        initial=Storage.HALF.value,
        widget=UnfoldAdminSelectWidget(),
        help_text="Half precision finds the same as full; bits take a fraction of the memory.",
    )
    query_prefix = forms.CharField(
        max_length=500,
        required=False,
        strip=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Put before queries, like “query: ”.",
    )
    document_prefix = forms.CharField(
        max_length=500,
        required=False,
        strip=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Put before texts, like “passage: ”.",
    )
    options = PrettyJSONField(
        initial=dict,
        help_text="url, api_key_env (AKIN_…_KEY), … of an endpoint; backend or weights of a model.",
    )

    def clean_options(self) -> dict[str, Any]:
        options = self.cleaned_data["options"]
        if not isinstance(options, dict):
            raise forms.ValidationError("It has to be an object: {…}.")
        return options

    def add(self) -> EmbeddingSpace | None:
        """The space, or None when the model was refused; then the form says why."""
        data = self.cleaned_data
        try:
            return add_space(**{**data, "kind": EncoderKind(data["kind"]), "storage": Storage(data["storage"])})
        except CatalogError as error:
            self.add_error(None, error.message)
            return None


def add_space_view(desk: SpaceDesk, request: HttpRequest) -> HttpResponse:
    """The page with the form."""
    if not desk.has_add_permission(request):
        raise PermissionDenied
    form = SpaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (space := form.add()) is not None:
        desk.log_addition(request, space, "Added.")
        messages.success(request, f"{space.name} is added with {space.dimensions} dimensions. Next: build it.")
        return HttpResponseRedirect(reverse("admin:search_embeddingspace_change", args=[space.pk]))
    context = {
        **desk.admin_site.each_context(request),
        "title": "Add a space",
        "opts": desk.opts,
        "form": form,
    }
    return TemplateResponse(request, "admin/search/embeddingspace/add.html", context)
