"""Files that the code already says are made from it, never written by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from _commands_page import commands_page
from _doors_page import doors_page
from _plan_page import plan_page
from ladle.cli.explain import explanations
from ladle.config import publish
from ladle.config.defaults import defaults
from ladle.config.document import Path as KeyPath
from ladle.config.not_yet import KEYS
from ladle.config.schema import ModelConfig
from ladle.releases.diagram import drawn_into

ROOT = Path(__file__).resolve().parent.parent
BY_HAND = "<!-- Made by scripts/generate; change {source} instead. -->"


def errors_page() -> str:
    lines = [
        "# Error codes",
        "",
        BY_HAND.format(source="src/ladle/explanations/*.toml"),
        "",
        "`ladle explain CODE` prints the same.",
    ]
    for area, rows in groupby(explanations().values(), key=lambda e: e.area):
        lines += ["", f"## {area[0].upper()}{area[1:]}"]
        for row in rows:
            lines += ["", f"### {row.code} {row.title}", "", row.text, "", f"**Mend:** {row.fix}"]
    return "\n".join(lines) + "\n"


def config_page() -> str:
    lines = [
        "# model.yaml",
        "",
        BY_HAND.format(source="src/ladle/config/schema.py or defaults.py"),
        "",
        "Three keys are needed; `ladle plan --explain` prints the others with the reason of each",
        "default. Durations are `10s`, `60m`, `24h`, `30d`; shares `0.5%`, differences of shares",
        "`0.5pt`, factors `1.2x`. `ladle schema` prints the JSON Schema. What is marked *not yet* is",
        "refused with LD902 unless it has its default.",
        "",
        "| key | default | meaning | why this default |",
        "|---|---|---|---|",
        *_needed_rows(),
        *_default_rows(),
    ]
    return "\n".join(lines) + "\n"


def _needed_rows() -> Iterator[str]:
    for name in ("name", "model", "type"):
        yield f"| `{name}` | needed | {ModelConfig.model_fields[name].description} | |"


def _default_rows() -> Iterator[str]:
    for row in defaults():
        meaning = row.meaning + _not_yet(tuple(row.key.split(".")))
        yield f"| `{row.key}` | `{row.written}` | {meaning} | {row.reason} |"


def _not_yet(path: KeyPath) -> str:
    return " (*not yet*)" if path in KEYS else ""


def releases_page() -> str:
    """Only its diagram is generated."""
    return drawn_into((ROOT / "docs/releases.md").read_text(encoding="utf-8"))


GENERATED: dict[str, Callable[[], str]] = {
    "src/ladle/config/model.schema.json": publish.as_text,
    "docs/errors.md": errors_page,
    "docs/model-yaml.md": config_page,
    "docs/doors.md": lambda: doors_page(ROOT / "docs/doors.md"),
    "docs/releases.md": releases_page,
    "docs/plan.md": lambda: plan_page(ROOT / "docs/plan.md"),
    "docs/reference/commands.md": lambda: commands_page(BY_HAND.format(source="src/ladle/cli")),
}


def main(arguments: list[str]) -> int:
    stale = []
    for name, make in GENERATED.items():
        path, wanted = ROOT / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(wanted, encoding="utf-8")
    verb = "is stale; run scripts/generate" if "--check" in arguments else "written"
    for name in stale:
        print(f"{name} {verb}", file=sys.stderr)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
