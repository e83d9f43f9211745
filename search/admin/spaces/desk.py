"""What the pages of embedding spaces need of the admin that mounts them."""

from __future__ import annotations

from typing import Protocol

from django.http import HttpRequest

from catalog.admin.site import Desk


class SpaceDesk(Desk, Protocol):
    """The admin of spaces: who may add one and take a step with one."""

    def has_add_permission(self, request: HttpRequest) -> bool: ...

    def has_steps_permission(self, request: HttpRequest) -> bool: ...
