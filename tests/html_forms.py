"""What a browser would send of a page's form when nothing in it is touched."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Form(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.is_inside, self.depth = form_id, False, 0
        self.data: dict[str, Any] = {}
        self.select = self.text = ""
        self.is_multiple = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.is_inside |= tag == "form" and given.get("id") == self.form_id
        self.depth += tag == "template"
        if not self.is_inside or self.depth:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "select":
            self.select, self.is_multiple = name, "multiple" in given
            self.data[name] = [] if self.is_multiple else None
        elif tag == "option" and self.select:
            self._option(given.get("value", ""), "selected" in given)
        elif tag == "textarea":
            self.text, self.data[name] = name, ""

    def _input(self, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self.data[name] = given.get("value") or "on"
        elif kind not in ("submit", "file", "button"):
            self.data[name] = given.get("value", "")

    def _option(self, value: str, is_selected: bool) -> None:
        if self.is_multiple:
            self.data[self.select] += [value] * is_selected
        elif is_selected or self.data[self.select] is None:
            self.data[self.select] = value

    def handle_data(self, data: str) -> None:
        if self.text:
            self.data[self.text] += data

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "template"
        if tag == "textarea" and self.text:
            self.data[self.text] = self.data[self.text].removeprefix("\n")
            self.text = ""
        if tag == "select":
            self.select = ""
        self.is_inside &= tag != "form"


def form_data(html: str, form_id: str) -> dict[str, Any]:
    parser = _Form(form_id)
    parser.feed(html)
    return {name: "" if value is None else value for name, value in parser.data.items()}
