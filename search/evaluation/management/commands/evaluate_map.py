"""`manage.py evaluate_map DIR`: are the neighbours on the map neighbours in truth, and does it stay when items come?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.evaluation.datasets import load_items
from search.evaluation.management.report_command import ReportCommand
from search.evaluation.quality.map_quality import evaluate_map


class Command(ReportCommand):
    help = "Trustworthiness of the map of DIR's items.jsonl, and how far items move when a tenth more come."

    def measure(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        items, problems = load_items(folder)
        self.name_problems(problems)
        figures = {name: round(value, 4) for name, value in asdict(evaluate_map(items)).items()}
        return {"dataset": folder.name, "items": len(items), **figures}

    def show(self, report: dict[str, Any]) -> None:
        self.stdout.write(
            f"{report['dataset']}: {report['items']} items, trustworthiness@15 {report['trustworthiness_at_15']:.4f},"
            f" moved by {report['moved']:.4f} of a map that is 2 wide"
        )
