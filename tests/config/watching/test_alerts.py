"""The alert rules: each is valid, fires when it should, is silent otherwise, and has its section in the runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "akin.json"
INTERVAL = ("$__rate_interval", "5m")  # what Grafana puts in


def load(name: str) -> Any:
    return yaml.safe_load((PROMETHEUS / name).read_text())


RULES = [rule for group in load("alerts.yml")["groups"] for rule in group["rules"]]


def promtool(*arguments: str, cwd: Path = PROMETHEUS) -> None:
    """Fails with what it says; skips where it is not installed."""
    if shutil.which("promtool") is None:
        pytest.skip("No promtool in PATH. On Debian: apt-get install prometheus")
    done = subprocess.run(["promtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("check", "config", "--syntax-only", "prometheus.yml")


def test_each_alert_fires_and_is_silent_as_its_tests_say() -> None:
    promtool("test", "rules", "alerts_test.yml")


def test_each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    tried: dict[str, set[bool]] = {}
    for case in load("alerts_test.yml")["tests"]:
        for one in case["alert_rule_test"]:
            tried.setdefault(one["alertname"], set()).add(bool(one["exp_alerts"]))
    assert tried == {rule["alert"]: {True, False} for rule in RULES}


def test_each_alert_leads_to_a_section_of_the_runbook_and_each_section_is_of_an_alert() -> None:
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in RULES]
    links = [rule["annotations"]["runbook"] for rule in RULES]
    assert links == [f"docs/runbook.md#{name.lower()}" for name in headings]


def test_each_panel_of_the_dashboard_asks_what_prometheus_understands(tmp_path: Path) -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"].replace(*INTERVAL) for panel in panels for target in panel.get("targets", ())]
    assert len(asked) > 20
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", "panels.yml", cwd=tmp_path)
