"""Endpoints of embedding spaces: which addresses are reached, which variables are sent, what is told of answers."""

from __future__ import annotations

import socket

import httpcore
import pytest
from pytest_django import Settings

from search.embedding.encoders.endpoint.http import HttpEncoder
from search.embedding.encoders.endpoint.public_network import PrivateAddressError, PublicBackend, is_public
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind


def space_at(url: str, **options: object) -> EmbeddingSpace:
    return EmbeddingSpace(
        pk=-1, name="far", kind=EncoderKind.HTTP, model="m", dimensions=4, options={"url": url, **options}
    )


PRIVATE = """
    127.0.0.1 10.1.2.3 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1
    ::1 :: fe80::1%1 fd00::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)


def test_a_private_endpoint_needs_the_setting(settings: Settings) -> None:
    settings.AKIN_PRIVATE_ENDPOINTS = False
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        for host in ("127.0.0.1", "localhost"):
            encoder = HttpEncoder(space_at(f"http://{host}:{listener.getsockname()[1]}/v1"))
            with pytest.raises(EncoderUnavailable, match="AKIN_PRIVATE_ENDPOINTS"):
                encoder.encode_query("a")
        with pytest.raises(TimeoutError):
            listener.accept()


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers first with a public and then with a private address."""
    answers = ["8.8.8.8", "127.0.0.1"]
    reached: list[str] = []

    def resolve(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (answers.pop(0), port))]

    def connect(self: object, host: str, *args: object) -> httpcore.NetworkStream:
        reached.append(host)
        return httpcore.NetworkStream()

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    PublicBackend().connect_tcp("rebinding.example", 443)
    assert reached == ["8.8.8.8"]
    with pytest.raises(PrivateAddressError):
        PublicBackend().connect_tcp("rebinding.example", 443)
    assert reached == ["8.8.8.8"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "PATH", "AKIN_KEY", "AKIN_x_KEY"])
def test_no_other_variable_is_sent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "secret")
    with pytest.raises(ValueError, match="AKIN_…_KEY"):
        HttpEncoder(space_at("https://api.example.org", api_key_env=name))
