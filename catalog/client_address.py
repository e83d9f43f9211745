"""The address that a request comes from, also behind proxies that are trusted."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(request: HttpRequest) -> str | None:
    """The last address on the way that is not a trusted proxy's; what lies before it anybody may have written."""
    direct = str(request.META.get("REMOTE_ADDR") or "")
    if not _is_trusted(direct):
        return direct or None
    forwarded = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")]
    nearest = direct
    for address in reversed(forwarded[-20:]):
        if not _is_address(address):
            break
        nearest = address
        if not _is_trusted(address):
            break
    return nearest


def counted_as(request: HttpRequest) -> str:
    """What limits count by: an IPv4 address, or the network of 64 bits that one owner of IPv6 addresses has."""
    address = client_address(request) or ""
    if ":" not in address or not _is_address(address):
        return address
    return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))


def _is_trusted(address: str) -> bool:
    networks = _networks(tuple(settings.AKIN_TRUSTED_PROXIES))
    if not networks or not _is_address(address):
        return False
    return any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=8)
def _networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)
