"""The transition table as a Mermaid diagram; ``docs/releases.md`` holds it between two markers."""

from __future__ import annotations

from ladle.policy.statuses import Phase
from ladle.releases.transitions import TABLE, Kind

BEGIN_MARK = "<!-- Made by scripts/generate; change src/ladle/releases/transitions.py instead. -->"
END_MARK = "<!-- end of the generated diagram -->"


def diagram() -> str:
    """One arrow for each way from a phase to another, labelled with the kinds that take it."""
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.EMPTY}"]
    for phase, rows in TABLE.items():
        ways: dict[Phase, list[Kind]] = {}
        for kind, row in rows.items():
            for to in row.to:
                ways.setdefault(to, []).append(kind)
        lines += [
            f"    {phase} --> {to}: {', '.join(kinds)}".replace("asked: ", "ask ")
            for to, kinds in ways.items()
            if to is not phase
        ]
    return "\n".join(lines)


def drawn_into(page: str) -> str:
    """``page`` with its diagram drawn again."""
    before, _, rest = page.partition(BEGIN_MARK)
    _, _, after = rest.partition(END_MARK)
    return f"{before}{BEGIN_MARK}\n```mermaid\n{diagram()}\n```\n{END_MARK}{after}"
