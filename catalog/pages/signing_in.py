"""Signing in and out on the site, for everybody who has an account. Failed attempts are counted by django-axes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import reverse


class SignIn(LoginView):
    template_name = "catalog/sign_in.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        """Where no address of ours is asked for."""
        return reverse("catalog:home")

    def get_form(self, form_class: Any = None) -> AuthenticationForm:
        form = super().get_form(form_class)
        form.fields["username"].label = "Name"
        return form


class SignOut(LogoutView):
    def get_default_redirect_url(self) -> str:
        return reverse("catalog:home")
