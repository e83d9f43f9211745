"""The API's description: for programs, for browsers, and in the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from config.management.commands.openapi import PATH, description

pytestmark = pytest.mark.django_db

PATHS = {
    "/api/v1/collections": {"get", "post"},
    "/api/v1/collections/{slug}": {"get", "patch", "delete"},
    "/api/v1/collections/{slug}/items": {"get", "post"},
    "/api/v1/collections/{slug}/items/{external_id}": {"get", "put", "patch", "delete"},
    "/api/v1/collections/{slug}/items/bulk": {"post"},
    "/api/v1/collections/{slug}/search": {"get", "post"},
    "/api/v1/collections/{slug}/items/{external_id}/related": {"get"},
    "/api/v1/collections/{slug}/recommend": {"post"},
    "/api/v1/collections/{slug}/passages": {"post"},
    "/api/v1/collections/{slug}/suggest": {"post"},
    "/api/v1/collections/{slug}/topics": {"get"},
    "/api/v1/collections/{slug}/events": {"post"},
    "/api/v1/collections/{slug}/for-you": {"get"},
    "/api/v1/collections/{slug}/subjects/{subject}/events": {"get", "delete"},
    "/api/v1/collections/{slug}/duplicates/check": {"post"},
    "/api/v1/collections/{slug}/duplicates": {"get"},
    "/api/v1/collections/{slug}/duplicates/{pair_id}/decision": {"post"},
    "/api/v1/collections/{slug}/embeddings/retry": {"post"},
    "/api/v1/collections/{slug}/status": {"get"},
}


def test_every_path_of_the_contract_is_described_with_its_errors() -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    assert {path: set(operations) for path, operations in schema["paths"].items()} == PATHS
    for operations in schema["paths"].values():
        for operation in operations.values():
            errors = {status: one for status, one in operation["responses"].items() if int(status) >= 400}
            assert {"400", "401", "414", "422", "429", "503"} <= set(errors)
            for one in errors.values():
                assert one["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorBody"}
            assert operation["security"] == [{}, {"ApiKey": []}]


def test_errors_are_described_where_they_can_occur() -> None:
    paths = Client().get("/api/v1/openapi.json").json()["paths"]
    item = paths["/api/v1/collections/{slug}/items/{external_id}"]
    assert not {"403", "409", "413"} & set(item["get"]["responses"])
    assert {"403", "404", "409", "413"} <= set(item["put"]["responses"])
    assert "404" not in paths["/api/v1/collections"]["get"]["responses"]
    assert "403" not in paths["/api/v1/collections/{slug}/recommend"]["post"]["responses"]
    assert "413" in paths["/api/v1/collections/{slug}/search"]["get"]["responses"]


def test_limits_of_texts_are_described() -> None:
    schemas = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]
    item = schemas["ItemInput"]
    assert item["properties"]["title"]["pattern"] == r"^[^\x00]*$"
    assert item["properties"]["external_id"]["minLength"] == 1
    assert [one["required"] for one in item["anyOf"]] == [["title"], ["body"]]


def test_what_a_client_can_check_before_it_asks_is_described() -> None:
    schemas = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]
    made = schemas["CollectionCreate"]["properties"]
    assert re.search(made["slug"]["pattern"], "garden-tools") and not re.search(made["slug"]["pattern"], "Garden tools")
    assert {"english", "simple"} <= set(made["language"]["enum"])
    item = schemas["ItemInput"]["properties"]
    assert re.search(item["url"]["pattern"], "isbn:123") and not re.search(item["url"]["pattern"], "JavaScript:alert()")
    assert "64,000 bytes" in item["attributes"]["description"] and item["attributes"]["additionalProperties"] is False
    assert schemas["SuggestIn"]["anyOf"] == schemas["ItemInput"]["anyOf"]


def test_every_reference_of_the_description_leads_somewhere() -> None:
    text = description()
    names = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert names <= set(re.findall(r'^      "(\w+)": \{$', text, re.MULTILINE))


def test_the_file_in_the_repository_is_the_description() -> None:
    call_command("openapi", check=True)
    assert PATH.read_text() == description()


def test_a_file_that_differs_fails_the_check(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    with pytest.raises(CommandError, match="differs"):
        call_command("openapi", check=True, path=path)
    call_command("openapi", path=path, stdout=None)
    call_command("openapi", check=True, path=path)
    path.write_text("{}")
    with pytest.raises(CommandError, match="differs"):
        call_command("openapi", check=True, path=path)


def test_the_page_needs_nothing_from_elsewhere_and_no_inline_script(settings: Settings) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    response = Client().get("/api/docs")
    assert response.status_code == 200
    page = response.content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    for source in sources:
        assert source.startswith("/static/")
        assert finders.find(source.removeprefix("/static/"))
    for tag in re.findall(r"<script[^>]*>", page):
        assert "src=" in tag or 'type="application/json"' in tag
    assert "<style" not in page
    assert " style=" not in page
