"""`python -m benchmarks.load.run URL --collection SLUG --key KEY`: capacity, 70 % of it, 200 % of it, and afterwards.

Prints one JSON object. The load comes from this process, which takes part of the machine when it is the same one.
"""

from __future__ import annotations

import argparse
import json
import random
import urllib.parse
from typing import Any

import gevent
import psutil
import requests
from locust.env import Environment

from benchmarks.load.figures import Seen, percentiles, seconds_until_as_before, share, told
from benchmarks.load.scenario import Material, people

CAPACITY_CLIENTS = 16
STEADY_SHARE, OVERLOAD_SHARE = 0.7, 2.0
PATIENT_CLIENTS = 400  # of the overload: so many that those who wait do not thin it out
RECOVERED_SECONDS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--collection", required=True)
    parser.add_argument("--key", required=True, help="An API key that may write to it.")
    parser.add_argument("--minutes", type=float, default=20, help="Of the steady load (default 20).")
    parser.add_argument("--overload", type=float, default=60, help="Seconds of the overload (default 60).")
    parser.add_argument("--capacity", type=float, default=0, help="Requests a second; 0 measures it.")
    parser.add_argument("--pid", type=int, help="A process whose memory, with its children's, is told by the minute.")
    options = parser.parse_args()
    material = read_material(options.url, options.collection, options.key)
    figures: dict[str, Any] = {}
    capacity = options.capacity
    if not capacity:
        crowd = load(options.url, material, clients=CAPACITY_CLIENTS, per_second=0, seconds=45)
        capacity = sum(one.is_answered for one in crowd if one.at > crowd[0].at + 15) / 30
        figures["capacity"] = {"per_second": round(capacity, 1)} | told(crowd)
    figures["steady"] = steady(options, material, capacity * STEADY_SHARE)
    figures["overload"] = overload(options, material, capacity * OVERLOAD_SHARE)
    figures["afterwards"] = afterwards(options, material, capacity * STEADY_SHARE)
    print(json.dumps(figures, indent=1))


def steady(options: argparse.Namespace, material: Material, rate: float) -> dict[str, Any]:
    """What each minute was like."""
    minutes = []
    everything: list[Seen] = []
    for _ in range(max(round(options.minutes), 1)):
        seconds = min(options.minutes, 1.0) * 60
        crowd = load(options.url, material, clients=64, per_second=rate, seconds=seconds)
        everything += crowd
        p50, _, p99 = percentiles(crowd)
        minutes.append({"p50_ms": p50, "p99_ms": p99, "memory_mb": memory(options.pid)})
    return {"per_second": round(rate, 1)} | told(everything) | {"minutes": minutes}


def overload(options: argparse.Namespace, material: Material, rate: float) -> dict[str, Any]:
    crowd = load(options.url, material, clients=PATIENT_CLIENTS, per_second=rate, seconds=options.overload)
    writes = [one for one in crowd if one.name in {"write", "import"}]
    return (
        {"per_second": round(rate, 1)}
        | told(crowd)
        | {
            "writes_answered": share(one.is_answered for one in writes),
            "reads_answered": share(one.is_answered for one in crowd if one.name not in {"write", "import"}),
        }
    )


def afterwards(options: argparse.Namespace, material: Material, rate: float) -> dict[str, Any]:
    """The steady load again."""
    crowd = load(options.url, material, clients=64, per_second=rate, seconds=RECOVERED_SECONDS)
    return {"seconds_until_as_before": seconds_until_as_before(crowd, RECOVERED_SECONDS)} | told(crowd)


def load(url: str, material: Material, *, clients: int, per_second: float, seconds: float) -> list[Seen]:
    """What so many clients saw, who together begin `per_second` requests a second; 0 is as many as they can."""
    seen: list[Seen] = []
    environment = Environment(user_classes=[people(material, seen, per_second / clients)], host=url)
    runner = environment.create_local_runner()
    runner.start(clients, spawn_rate=clients)
    gevent.sleep(seconds)
    runner.quit()
    return sorted(seen, key=lambda one: one.at)


def memory(pid: int | None) -> float | None:
    """Megabytes of the process and its children, shared pages counted once."""
    if pid is None:
        return None
    root = psutil.Process(pid)
    total: int = sum(one.memory_full_info().pss for one in [root, *root.children(recursive=True)])
    return round(total / 1e6, 1)


def read_material(url: str, slug: str, key: str) -> Material:
    collection = f"{url}/api/v1/collections/{slug}"
    items = read(f"{collection}/items?limit=100", key)["items"]
    chosen = random.Random(7)
    facets = [name for name, one in read(collection, key)["attribute_schema"].items() if one.get("facet")][:3]
    values = [
        f"filter.{name}={urllib.parse.quote(str(item['attributes'][name]))}&facets={','.join(facets)}"
        for item in items
        for name in facets
        if isinstance(item["attributes"].get(name), str)
    ]
    return Material(slug, key, [one["title"] for one in items], [one["external_id"] for one in items], values, chosen)


def read(url: str, key: str) -> Any:
    answer = requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    main()
