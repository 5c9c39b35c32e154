"""``ladle schema``: the published JSON Schema of model.yaml, as it lies in the package."""

from __future__ import annotations

from pathlib import Path

from ladle.cli.output import answer

SCHEMA = Path(__file__).parent.parent / "config" / "model.schema.json"


def schema() -> None:
    """Print the JSON Schema of model.yaml; editors read it for completion."""
    answer(SCHEMA.read_text(encoding="utf-8").rstrip())
