"""Connections to public addresses only: what a name resolves to is checked where the connection is made to it.

A check before would be undone by a name that resolves to another address a moment later.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx
from django.conf import settings

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddressError(Exception):
    """The name leads to an address of this machine, its network, or another that is not public."""


def is_public(address: str) -> bool:
    """Also of an IPv4 address that an IPv6 address carries."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


class PublicBackend(httpcore.SyncBackend):
    """Resolves by itself, and connects to the very address that it has checked."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(is_public(address) for address in addresses):
            raise PrivateAddressError(host)
        return super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


class PublicTransport(httpx.HTTPTransport):
    """httpx's transport over that network. Proxies of the environment are not asked, for they would connect instead."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False), network_backend=PublicBackend()
        )


def guarded_client(timeout: float, headers: dict[str, str]) -> httpx.Client:
    """Redirects are not followed, whoever answers: they could lead anywhere."""
    if settings.AKIN_PRIVATE_ENDPOINTS:
        return httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)
    return httpx.Client(
        timeout=timeout, headers=headers, follow_redirects=False, transport=PublicTransport(), trust_env=False
    )
