"""A door that cannot be had, or that nobody answers for, is a mistake of the config."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ladle.catalog import DoorAuth, DoorUrl
from ladle.config.document import Path
from ladle.config.doors import choose_door, doors
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

TIMEOUT: Path = ("compute", "timeout_s")
PAYLOAD: Path = ("traffic", "payload_mb")
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?|http://(localhost|127\.0\.0\.1)(:[0-9]+)?")


def public_door(config: ModelConfig) -> Iterator[Mistake]:
    if config.door.auth is DoorAuth.NONE and not config.door.public_acknowledged_by:
        path: Path = ("door", "auth")
        what = f"auth: none makes {config.name} callable by anyone"
        fix = "add public_acknowledged_by: with the address of who answers for it, or auth: iam"
        yield Mistake(path, "LD118", what, fix, (path, ("door", "public_acknowledged_by")))


def unlimited_door(config: ModelConfig) -> Iterator[Mistake]:
    """A function's own URL lets in as many as come: instances are then the only ceiling."""
    door, path = config.door, ("door", "url")
    bounded = config.compute.reserved or door.unlimited_acknowledged_by
    if door.url is DoorUrl.FUNCTION and not bounded:
        what = "url: function has no limit of the rate, so nothing bounds the bill"
        fix = "write compute: {reserved: 20}, or unlimited_acknowledged_by: with an address"
        reads: tuple[Path, ...] = (path, ("compute", "reserved"))
        yield Mistake(path, "LD118", what, fix, (*reads, ("door", "unlimited_acknowledged_by")))


def door_fits(config: ModelConfig) -> Iterator[Mistake]:
    choice = choose_door(config, config.target)
    reads: tuple[Path, ...] = (("door",), ("target",), TIMEOUT, PAYLOAD)
    for objection in choice.objections:
        if objection.path == TIMEOUT:
            yield _never_waited_for(config)
        elif objection.path != PAYLOAD:  # of which the target itself has more to say
            fix = "change it, or another key of door; docs/doors.md has the table"
            what = f"no door takes this: {choice.reason}"
            yield Mistake(objection.path, "LD140", what, fix, (objection.path, *reads))


def _never_waited_for(config: ModelConfig) -> Mistake:
    rows = [row for row in doors() if row.url is config.door.url]
    leading = [row for row in rows if config.target in row.targets]
    longest = max(leading or rows, key=lambda row: row.timeout_s)
    what = (
        f"timeout_s {config.compute.timeout_s} is never used: "
        f"the {longest.called} gives up at {longest.timeout_s}"
    )
    fix = f"write timeout_s: {longest.timeout_s}"
    return Mistake(TIMEOUT, "LD125", what, fix, (TIMEOUT, ("door",)))


def halves(config: ModelConfig) -> Iterator[Mistake]:
    """Keys of the door that say something only together."""
    door = config.door
    jwt, key = door.auth is DoorAuth.JWT, door.auth is DoorAuth.API_KEY
    for has, needs, name, other in (
        (jwt, door.issuer, "issuer", "auth: jwt"),
        (jwt, door.audience, "audience", "auth: jwt"),
        (bool(door.domain), door.certificate, "certificate", "domain"),
    ):
        path: Path = ("door", name)
        wrote: Path = ("door", other.partition(":")[0])
        if has and not needs:
            what = f"{other} needs door.{name}"
            yield Mistake(wrote, "LD141", what, f"add {name}:", (wrote, path))
        elif needs and not has:
            what = f"door.{name} says nothing without {other}"
            yield Mistake(path, "LD141", what, f"add {other}, or remove it", (path, wrote))
    if door.quota_per_day and not key:
        path, wrote = ("door", "quota_per_day"), ("door", "auth")
        what = "quota_per_day counts the requests of an API key, and there is none"
        yield Mistake(path, "LD141", what, "add auth: api_key, or remove it", (path, wrote))


def origins(config: ModelConfig) -> Iterator[Mistake]:
    for number, origin in enumerate(config.door.cors):
        if not _ORIGIN.fullmatch(origin):
            path: Path = ("door", "cors", number)
            what = f'"{origin[:60]}" is no origin whose pages could call'
            fix = "write scheme and host as in https://app.example.com, each one by name"
            yield Mistake(path, "LD142", what, fix, (("door", "cors"),))
