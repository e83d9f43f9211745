"""Health, readiness and metrics."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown

from search.embedding.encoders.registry import encoder_of, forget
from search.embedding.spaces.lifecycle import active_space
from tests.api_caller import make_shop


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def refuse(error: Exception) -> object:
    def fail(*args: object, **options: object) -> None:
        raise error

    return fail


def test_the_process_lives_without_asking_anything(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_ready_names_every_part(client: Client) -> None:
    forget(active_space())
    body = client.get("/readyz").json()
    assert set(body) == {"status", "database", "redis", "encoder"}
    assert (body["status"], body["database"]["state"], body["redis"]["state"]) == ("ready", "up", "up")
    assert body["encoder"]["state"] == "not loaded"
    encoder_of(active_space())
    assert client.get("/readyz").json()["encoder"]["state"] == "loaded"


@pytest.mark.django_db
def test_without_redis_the_server_is_degraded_but_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.watching.health.cache.get", refuse(RedisDown("redis:6379 refused")))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["redis"]["state"] == "down"
    assert "6379" not in response.content.decode()


def test_without_the_database_the_server_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.watching.health.connection.cursor", refuse(OperationalError("host db refused")))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert response.json()["database"]["state"] == "down"
    assert "refused" not in response.content.decode()


@pytest.mark.django_db
def test_metrics_count_items_and_requests_and_name_no_collection(client: Client) -> None:
    make_shop(slug="the-secret-project", visibility="private")
    client.get("/api/v1/collections/the-secret-project/items?q=secret")
    client.get("/no-such-page/secret")
    text = client.get("/metrics").content.decode()
    assert 'akin_items{state="pending"} 4.0' in text
    assert "akin_embedding_lag_seconds" in text
    assert "akin_database_up 1.0" in text
    assert 'route="/api/v1/collections/<slug>/items",status="4xx"' in text
    assert "secret" not in text


def test_metrics_answer_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.watching.measuring.collectors.backlog", refuse(OperationalError("down")))
    response = client.get("/metrics")
    assert response.status_code == 200
    assert "akin_database_up 0.0" in response.content.decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
        ({"REMOTE_ADDR": "10.0.0.7"}, 403),
        ({"REMOTE_ADDR": "10.0.0.7", "HTTP_AUTHORIZATION": "Bearer wrong"}, 403),
        ({"REMOTE_ADDR": "10.0.0.7", "HTTP_AUTHORIZATION": "Bearer right-token-of-prometheus"}, 200),
    ],
)
@pytest.mark.django_db
def test_metrics_are_for_this_machine_and_for_whoever_has_the_token(
    client: Client, settings: Any, headers: Any, status: int
) -> None:
    settings.AKIN_METRICS_TOKEN = "right-token-of-prometheus"
    assert client.get("/metrics", **headers).status_code == status
    settings.AKIN_METRICS_TOKEN = ""
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7", HTTP_AUTHORIZATION="Bearer ").status_code == 403
