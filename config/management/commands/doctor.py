"""Says what is wrong and how to mend it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, Final

from django.core.management.base import BaseCommand

from config.doctor.examination import examine
from config.doctor.findings import Finding

MARKS: Final = {"ok": "ok     ", "warning": "WARNING", "error": "ERROR  "}


class Command(BaseCommand):
    help = (
        "Looks at versions, settings, disk, locale, indexes, vectors and workers, and says how to mend what is wrong. "
        "Changes nothing. Exit status 1 when there is an error."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in examine():
            findings.append(finding)
            if not options["json"]:
                self._tell(finding)
        if options["json"]:
            self.stdout.write(json.dumps({"findings": [asdict(finding) for finding in findings]}))
        else:
            self._sum_up(findings)
        if any(finding.level == "error" for finding in findings):
            sys.exit(1)

    def _tell(self, finding: Finding) -> None:
        self.stdout.write(f"{MARKS[finding.level]} {finding.about}: {finding.message}")
        if finding.remedy:
            self.stdout.write(f"        mend: {finding.remedy}")

    def _sum_up(self, findings: list[Finding]) -> None:
        errors = sum(finding.level == "error" for finding in findings)
        warnings = sum(finding.level == "warning" for finding in findings)
        self.stdout.write(f"{errors} errors, {warnings} warnings." if errors or warnings else "Akin is well.")
