"""Models drawn at random move from one config to another: what they leave is not touched, all else holds."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.synth import drawing, moving, sound
from tests.synth.moving import Move
from tests.synth.repository import Template

from ladle.catalog import DoorKind, Target
from ladle.planning.locking import movable
from ladle.planning.service_spec import ServiceSpec

pytestmark = [pytest.mark.gate, pytest.mark.timeout(3600)]
DRAWN, BATCH, SEED = 100, 25, 20261123
BASES = (0, 0, 3)
WAYS = tuple(
    (kind, before, after)
    for kind in DoorKind
    for before, after in itertools.product(sorted(movable(kind)), repeat=2)
    if before is not after or before is Target.LAMBDA
)


def test_whatever_moves_leaves_what_it_had_as_it_was(
    size: int | None, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves, ways = dict(_drawn(size or DRAWN)), Counter[str]()
    names = list(moves)
    shapes: dict[tuple[str, ...], Template] = {}
    faults: list[str] = []
    for start in range(0, len(names), BATCH):
        batch = {name: moves[name] for name in names[start : start + BATCH]}
        monkeypatch.setenv("CDK_VALIDATION", "false")
        moved = moving.move(tmp_path, root, batch)
        faults += [f"{n}: {id_} is touched" for n in batch for id_ in moving.touched(moved, n)]
        monkeypatch.setenv("CDK_VALIDATION", "true")
        for synth in (moved.while_, moved.after):
            made = sound.made_of(tmp_path, root, tuple(synth.specs.values()))
            faults += sound.faults(made)
            for template in made.synth.templates.values():
                types = sorted(r["Type"] for r in template["Resources"].values())
                shapes.setdefault(tuple(types), template)
        ways.update(_way(moved, name) for name in batch)
    for template in shapes.values():
        faults += sound.lint_faults(template)
    print(f"{len(moves)} moves in {len(shapes)} shapes: {dict(sorted(ways.items()))}")
    assert sorted(set(faults)) == []


def _way(moved: moving.Moved, name: str) -> str:
    was, spec = moved.before.specs[name], moved.after.specs[name]
    return f"{was.target} to {spec.target} behind {spec.door.kind}"


def _drawn(count: int) -> Iterator[tuple[str, Move]]:
    draws = random.Random(SEED)
    for number in range(count):
        name = f"m{number:04}"
        kind, before, after = draws.choice(WAYS)
        yield (
            name,
            Move(
                _text(draws, name, before, kind),
                _text(draws, name, after, kind),
                draws.choice(BASES),
            ),
        )


def _text(draws: random.Random, name: str, target: Target, kind: DoorKind) -> str:
    """A sound config of a model that runs there and could move."""
    at = list(Target).index(target)
    while True:
        text = drawing.written({**drawing.at_random(draws), "target": at}, name)
        found = drawing.answered(name, text)
        if isinstance(found, ServiceSpec) and found.door.kind is kind:
            return text
