"""Addresses of items: any that is no script is kept, and pages link those that a browser follows."""

from __future__ import annotations

import pytest

from catalog.errors import InvalidInput
from catalog.models import Item
from catalog.schemas import parse_item


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://x.org/a", "https://x.org/a"),
        ("ftp://x.org/a", "ftp://x.org/a"),
        ("/a", "/a"),
        ("gopher://x.org/1", ""),
        ("www.x.org", ""),
        ("", ""),
    ],
)
def test_any_address_is_kept_and_followable_ones_are_links(url: str, link: str) -> None:
    entry = parse_item({"external_id": "a", "title": "A", "url": url})
    assert entry.url == url
    assert Item(url=entry.url).link == link


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "file:///etc"]
)
def test_addresses_that_run_or_embed_something_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="url"):
        parse_item({"external_id": "a", "title": "A", "url": url})
