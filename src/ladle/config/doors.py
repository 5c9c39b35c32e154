"""A model's front door is the first row of ``doors.toml`` that takes what its config asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File

from ladle.catalog import DoorAuth, DoorKind, DoorUrl, Target
from ladle.config.document import Path
from ladle.config.schema import ModelConfig

FILE = File(__file__).with_name("doors.toml")


@dataclass(frozen=True, slots=True)
class DoorRow:
    """``extras`` are the keys of ``door`` that only some doors have; ``price`` names a row of prices.
    ``through`` a function it leads to what it cannot ask itself.
    """

    kind: DoorKind
    called: str
    because: str
    url: DoorUrl
    auth: frozenset[DoorAuth]
    targets: frozenset[Target]
    timeout_s: int
    payload_mb: float
    extras: frozenset[str]
    throttles: bool
    price: str
    through: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a door cannot be had, and the key that asks too much of it."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class DoorChoice:
    """``row`` is None when no door takes it all: ``reason`` is then why not, ``objections`` of the
    door that comes closest.
    """

    row: DoorRow | None
    reason: str
    objections: tuple[Objection, ...] = ()


@cache
def doors() -> tuple[DoorRow, ...]:
    """In the order in which they are tried."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    rows.pop("checked")
    return tuple(
        DoorRow(
            kind=DoorKind(row.get("kind", name)),
            called=row["called"],
            because=row["because"],
            url=DoorUrl(row["url"]),
            auth=frozenset(map(DoorAuth, row["auth"])),
            targets=frozenset(map(Target, row["targets"])),
            timeout_s=row["timeout_s"],
            payload_mb=row["payload_mb"],
            extras=frozenset(row["extras"]),
            throttles=row["throttles"],
            price=row["price"],
            through=row.get("through", False),
        )
        for name, row in rows.items()
    )


def row_of(kind: DoorKind, target: Target | None = None) -> DoorRow:
    """As it leads to ``target``, where that is said."""
    return next(row for row in doors() if row.kind is kind and target in (None, *row.targets))


def reached(kind: DoorKind) -> frozenset[Target]:
    """All that such a door leads to, through a function or without."""
    return frozenset[Target]().union(*(row.targets for row in doors() if row.kind is kind))


def outlasts_doors(config: ModelConfig) -> bool:
    """Whether a model with a GPU may take longer than the doors before machines wait."""
    compute = config.compute
    waits_s = row_of(DoorKind.HTTP_API).timeout_s
    said = "timeout_s" in compute.model_fields_set
    return bool(compute.gpu) and said and compute.timeout_s > waits_s


def choose_door(config: ModelConfig, target: Target, kept: DoorKind | None = None) -> DoorChoice:
    """The first that fits, with what speaks against those before it; of the kind that a model has ``kept``
    since it moved. ``auto`` is taken as lambda, and as what answers later where nothing else can.
    """
    wanted = target
    if target is Target.AUTO:
        wanted = Target.SAGEMAKER_ASYNC if outlasts_doors(config) else Target.LAMBDA
    refused: list[tuple[DoorRow, tuple[Objection, ...]]] = []
    moved = "" if kept is None else "; a model that has moved keeps its kind of door"
    for row in doors():
        if row.kind is not kept and (kept or row.url is not config.door.url):
            continue
        if row.through and wanted not in row.targets:
            continue  # what needs no function has no more to say of it
        objections = tuple(_objections(row, config, wanted))
        if not objections:
            against = "".join(f"; no {r.called}, which {_whys(o)}" for r, o in refused)
            return DoorChoice(row, f"{row.because}{moved or against}")
        refused.append((row, objections))
    closest = min(refused, key=lambda pair: len(pair[1]))[1]
    why_not = "; ".join(f"{r.called}: it {_whys(o)}" for r, o in refused)
    return DoorChoice(None, why_not + moved, closest)


def _whys(objections: tuple[Objection, ...]) -> str:
    return " and ".join(objection.why for objection in objections)


def _objections(row: DoorRow, config: ModelConfig, target: Target) -> Iterator[Objection]:
    """A time-out that nobody wrote is shortened to what the door waits, silently."""
    door, timeout_s = config.door, config.compute.timeout_s
    if door.url is not row.url:
        yield Objection(("door", "url"), f"has no url: {door.url}")
    if door.auth not in row.auth:
        yield Objection(("door", "auth"), f"knows no auth: {door.auth}")
    if target not in row.targets:
        yield Objection(("target",), f"cannot lead to {target}")
    waits = target is not Target.SAGEMAKER_ASYNC  # whose answer is fetched when it is there
    if waits and timeout_s > row.timeout_s and "timeout_s" in config.compute.model_fields_set:
        yield Objection(("compute", "timeout_s"), f"gives up after {row.timeout_s} s")
    if (config.traffic.payload_mb or 0) > row.payload_mb:
        yield Objection(("traffic", "payload_mb"), f"carries at most {row.payload_mb:g} MB")
    for key in ("cors", "domain"):
        if getattr(door, key) and key not in row.extras:
            yield Objection(("door", key), f"has no {key}")
