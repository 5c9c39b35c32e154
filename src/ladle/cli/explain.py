"""``ladle explain CODE``: what a code means and how to mend it, from ladle/explanations/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.output import answer, answer_json, wrapped
from ladle.cli.switches import AsJson
from ladle.config.nearest import did_you_mean
from ladle.errors import NotFound

WIDTH = 100
FOLDER = Path(__file__).parent.parent / "explanations"
AREAS = {
    "1": "config",
    "2": "planning and deploying",
    "3": "experiments and store",
    "4": "serving",
    "5": "releases",
    "6": "labels and evidence",
    "7": "tools and the embedded AWS",
    "8": "command line",
    "9": "not yet built",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    code: str
    title: str
    text: str
    fix: str

    @property
    def area(self) -> str:
        return AREAS[self.code[2]]


def explanations(folder: Path = FOLDER) -> Mapping[str, Explanation]:
    """By code, in order. Raises ValueError when two files explain one code."""
    found: dict[str, Explanation] = {}
    for path in sorted(folder.glob("*.toml")):
        for code, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if code in found:
                raise ValueError(f"{code} is explained twice, the second time in {path.name}")
            found[code] = Explanation(code, row["title"], row["text"].strip(), row["fix"].strip())
    return dict(sorted(found.items()))


def explain(
    code: Annotated[str, typer.Argument(help="As in LD106.")],
    as_json: AsJson = False,
) -> None:
    """Say what an error code means and how to mend it."""
    known = explanations()
    wanted = code.strip().upper()
    wanted = wanted if wanted.startswith("LD") else f"LD{wanted}"
    if wanted not in known:
        raise NotFound(
            "LD801",
            f"there is no code {code}{did_you_mean(wanted, known)}",
            "codes are LD and three digits; docs/errors.md lists them all",
        )
    found = known[wanted]
    if as_json:
        answer_json({**asdict(found), "area": found.area})
    else:
        answer(f"{found.code} {found.title}")
        for paragraph in (*found.text.split("\n\n"), f"help: {found.fix}"):
            answer("\n".join(["", *wrapped(paragraph, WIDTH)]))
