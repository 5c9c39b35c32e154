"""What two keys say together, or one key says of the world: mistakes that no single bound shows.

Each check reads a whole config and names the keys it read, so that a key that is wrong by itself
is not blamed twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from ladle.catalog import ModelType, Strategy
from ladle.config.amounts import written
from ladle.config.capture_checks import capture_bytes, captures_something
from ladle.config.compute_checks import model_in_a_zip, snapshot_of_a_zip, warm_within_reserved
from ladle.config.cost_checks import heard_of, idle_span, stopping
from ladle.config.document import Path
from ladle.config.door_checks import door_fits, halves, origins, public_door, unlimited_door
from ladle.config.evidence import evidence_time, expects_labels
from ladle.config.leaks import is_secret_by_name, leaks_in
from ladle.config.mistake import Mistake
from ladle.config.network_checks import network_ids, whole_network
from ladle.config.outcome_key import is_several
from ladle.config.schema import ModelConfig
from ladle.config.tracing_checks import spans_go_somewhere
from ladle.secret_reference import EXAMPLE, SecretReference

NAME = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,38}")
# Names of the platform's own functions, and endings of a model's helper functions.
TAKEN_NAMES = frozenset({"intake", "collector", "judge", "controller"})
TAKEN_ENDINGS = ("-handoff", "-bundle", "-asks", "-invokes")
PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".sav", ".dill")
PINNED = "pinned"
IN_S3 = "s3://"
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
ENV_BYTES = 3072  # Lambda allows 4096 for all variables; Ladle's own need the rest
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LISTENER = re.compile(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)")


Check = Callable[[ModelConfig], Iterator[Mistake]]


def mistakes(config: ModelConfig) -> Iterator[Mistake]:
    for check in CHECKS:
        yield from check(config)


def name(config: ModelConfig) -> Iterator[Mistake]:
    if mistake := name_mistake(config.name):
        yield Mistake(("name",), "LD113", *mistake, reads=(("name",),))


def name_mistake(wanted: str) -> tuple[str, str] | None:
    """What is wrong with a model's name, and how to mend it."""
    what = f'"{wanted[:60]}" cannot be a model name'
    if not NAME.fullmatch(wanted):
        rule = "lower-case letters, digits and single hyphens, a letter first, at most 39"
        suggestion = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-0123456789")[:39]
        return what, f"write {suggestion.rstrip('-')} ({rule})" if suggestion else f"use {rule}"
    if wanted in TAKEN_NAMES or wanted.endswith(TAKEN_ENDINGS):
        return f"{what}: a function of Ladle is called so", f"write {wanted}-model"
    return None


def files(config: ModelConfig) -> Iterator[Mistake]:
    """Files stay inside the model package; a pickle is never deployed."""
    for key in ("model", "transform", "requirements"):
        value, path = getattr(config, key), (key,)
        if value is None or (key == "model" and value == PINNED):
            continue
        is_address = key == "model" and "://" in value
        if not is_address and _leaves(value):
            what = f"{key} {value} leaves the model package"
            fix = "put the file beside model.yaml; write its path with / from there"
            yield Mistake(path, "LD128", what, fix, (path,))
        elif key == "model" and value.lower().endswith(PICKLES):
            what = f"{value} can run code when it is opened, so it is never deployed"
            yield Mistake(
                path,
                "LD116",
                what,
                "export it where it is trained: ladle.to_onnx(model, rows)",
                (path,),
            )


def _leaves(value: str) -> bool:
    return value.startswith(("/", "~")) or "\\" in value or ".." in PurePosixPath(value).parts


def times_in_order(config: ModelConfig) -> Iterator[Mistake]:
    bake, longest, window = ("rollout", "bake"), ("rollout", "max"), ("monitor", "window")
    if config.rollout.bake_s > config.rollout.max_s:
        what = f"bake {written(config.rollout.bake_s)} is longer than max {written(config.rollout.max_s)}"
        yield Mistake(bake, "LD123", what, "make max the longer of the two", (bake, longest))
    if config.monitor.window_s > config.rollout.bake_s:
        what = f"window {written(config.monitor.window_s)} is longer than bake {written(config.rollout.bake_s)}"
        fix = "make window a small part of bake, so that evidence has several windows"
        yield Mistake(window, "LD123", what, fix, (window, bake))


def one_margin(config: ModelConfig) -> Iterator[Mistake]:
    guards = config.monitor.guards
    for name, guard in (("accuracy", guards.accuracy), ("error", guards.error)):
        if guard is None:
            continue
        path: Path = ("monitor", "guards", name)
        both = {"worse_by", "worse_than"} <= guard.model_fields_set
        if both and guard.worse_by is not None and guard.worse_than is not None:
            what = f"{name} has two margins, worse_by and worse_than; which one holds?"
            yield Mistake((*path, "worse_than"), "LD123", what, "keep one", (path,), on_key=True)
        elif guard.worse_by is None and guard.worse_than is None:
            what = f"{name} has no margin, so nothing would be worse"
            fix = f"write worse_than: 1.05x, or {name}: null for no guard"
            yield Mistake((*path, "worse_by"), "LD123", what, fix, (path,), on_key=True)


def guard_of_the_type(config: ModelConfig) -> Iterator[Mistake]:
    numeric = config.type is ModelType.REGRESSION
    name, other = ("accuracy", "error") if numeric else ("error", "accuracy")
    guards, path = config.monitor.guards, ("monitor", "guards", name)
    if name in guards.model_fields_set and getattr(guards, name) is not None:
        kind = f"a {config.type} model is " + ("nearly right" if numeric else "right or wrong")
        what, fix = f"{kind}, so {name} says nothing of it", f"write {other}: in its place"
        yield Mistake(path, "LD123", what, fix, (path, ("type",)), on_key=True)


def one_number(config: ModelConfig) -> Iterator[Mistake]:
    path: Path = ("monitor", "key")
    if config.type is ModelType.REGRESSION and is_several(config.monitor.key):
        what = "a regression is judged by one number, and key names several"
        yield Mistake(path, "LD123", what, "keep one path", (path, ("type",)))


def evidence_by_max(config: ModelConfig) -> Iterator[Mistake]:
    time = evidence_time(config)
    if time is None or time.fits or "on_inconclusive" in config.rollout.model_fields_set:
        return
    by_labels = time.labels_s is not None and time.requests_s <= time.max_s
    path: Path = ("rollout", "min_labels" if by_labels else "min_requests")
    share: tuple[Path, ...] = (("rollout", "canary_percent"), ("traffic", "expected_per_day"))
    fix = "lower it, raise canary_percent or max, or write on_inconclusive: hold"
    what = f"the trial would end before its evidence: {time}"
    yield Mistake(path, "LD120", what, fix, (path, ("rollout", "max"), *share))


def guarded(config: ModelConfig) -> Iterator[Mistake]:
    guards, path = config.monitor.guards, ("monitor", "guards")
    watched = guards.failures or guards.latency or expects_labels(config)
    if not watched and config.rollout.strategy is Strategy.CANARY:
        what = "no guard is left, so a canary could never be found worse"
        fix = "keep one guard, or write strategy: all_at_once"
        yield Mistake(path, "LD123", what, fix, (path, ("rollout", "strategy")), on_key=True)


def retention(config: ModelConfig) -> Iterator[Mistake]:
    days, path = config.logs.retention_s / 86400, ("logs", "retention")
    if days not in RETENTION_DAYS:
        near = min(RETENTION_DAYS, key=lambda d: abs(d - days))
        what = f"retention {written(config.logs.retention_s)} is none of the spans that CloudWatch keeps"
        yield Mistake(path, "LD109", what, f"write retention: {near}d", (path,))


def listeners(config: ModelConfig) -> Iterator[Mistake]:
    for i, address in enumerate(config.notify):
        if not _LISTENER.fullmatch(address):
            path: Path = ("notify", i)
            what = f'"{address[:60]}" is no address that can be told'
            yield Mistake(
                path, "LD129", what, "write mailto:team@example.com or https://…", (path,)
            )


def variables(config: ModelConfig) -> Iterator[Mistake]:
    for section in ("env", "secrets"):
        for variable in getattr(config, section):
            path: Path = (section, variable)
            if not _VARIABLE.fullmatch(variable):
                what = f'"{variable[:60]}" cannot be the name of a variable'
                fix = "use letters, digits and _, a letter first"
                yield Mistake(path, "LD130", what, fix, (path,), on_key=True)
            elif variable.startswith(("LADLE_", "AWS_")):
                owner = "Ladle" if variable.startswith("LADLE_") else "AWS"
                what = f"{variable} is set by {owner} itself"
                yield Mistake(path, "LD130", what, "choose another name", (path,), on_key=True)
    for variable in sorted(config.env.keys() & config.secrets.keys()):
        path = ("secrets", variable)
        what = f"{variable} is both a plain value and a secret"
        yield Mistake(path, "LD130", what, "remove it from env", (path,), on_key=True)
    said = [*config.env.items(), *config.secrets.items()]
    size = capture_bytes(config) + sum(len(k.encode()) + len(v.encode()) for k, v in said)
    if size > ENV_BYTES:
        what = f"env and secrets have {size} bytes; a function takes {ENV_BYTES} beside Ladle's own"
        yield Mistake(("env",), "LD130", what, "read larger values from a file", (("env",),))


def references(config: ModelConfig) -> Iterator[Mistake]:
    for variable, written_ in config.secrets.items():
        if SecretReference.parse(written_) is None:
            path: Path = ("secrets", variable)
            what = f"secrets.{variable} is no reference of a secret"
            fix = f"write it as in {EXAMPLE}; a value never stands in a config"
            yield Mistake(path, "LD144", what, fix, (path,))


def secrets_by_name(config: ModelConfig) -> Iterator[Mistake]:
    for variable, value in config.env.items():
        if is_secret_by_name(variable, value) and not any(leaks_in(value)):  # else told by shape
            path: Path = ("env", variable)
            what = f"env.{variable} looks like a live secret; a config is no place for it"
            fix = "remove it, and have it replaced where it was issued: Git remembers it"
            yield Mistake(path, "LD119", what, fix, (path,))


CHECKS: tuple[Check, ...] = (
    name,
    files,
    public_door,
    unlimited_door,
    door_fits,
    halves,
    origins,
    whole_network,
    network_ids,
    times_in_order,
    one_margin,
    guard_of_the_type,
    one_number,
    evidence_by_max,
    guarded,
    retention,
    listeners,
    variables,
    references,
    secrets_by_name,
    spans_go_somewhere,
    captures_something,
    warm_within_reserved,
    snapshot_of_a_zip,
    model_in_a_zip,
    stopping,
    heard_of,
    idle_span,
)
