"""A plan as people read it: one screen for each model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ladle import names
from ladle.actions.move_model import routes_note
from ladle.cli.money import cost_lines
from ladle.cli.output import wrapped
from ladle.cli.trial_words import catch_notes
from ladle.config.defaults import Default
from ladle.config.notes import notes
from ladle.config.schema import ModelConfig
from ladle.planning.grant import RoleGrants, listed
from ladle.planning.label_costs import label_note
from ladle.planning.limits import NEAR, Limit
from ladle.planning.moving import stays
from ladle.planning.outlook import Outlook
from ladle.planning.plan import Change, ModelPlan
from ladle.planning.prices import Prices
from ladle.planning.resources import counted
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.settings import words
from ladle.planning.watch_notes import watch_notes
from ladle.policy.lock import Runtime
from ladle.targets.sizes import Measured

WIDTH = 110
_NO_RELEASE = (Change.UNCHANGED, Change.POLICY_ONLY)
_UNCOMPARED = (
    "what changes without a release (door, notify, alarms, tags, retention, sizes) is deployed, and not "
    "compared here: npx cdk diff {}"
)
_COMPARED = (
    "has what is written here; what stacks/extra.py and another Ladle make of it is not compared: "
    "npx cdk diff {}"
)
INDENT = " " * 12


def plan_lines(
    model: ModelPlan,
    config: ModelConfig,
    found: Outlook,
    prices: Prices,
    newer: Runtime | None = None,
) -> Iterator[str]:
    """``newer`` is a runtime that an upgrade would bring."""
    yield f"{model.wanted.model}  {model.change}: {model.reason}"
    yield from _what(model)
    yield from _row("stack", _stack(model))
    if newer is not None:
        kept = model.wanted.built_with
        yield from _row("runtime", [f"{kept}; this one is {newer}: ladle upgrade {config.name}"])
    yield from _row("makes", [counted(found.resources)])
    yield from _row("costs", cost_lines(found.cost, prices), wrap=False)
    yield from role_lines(found.permissions)
    yield from _row("door", [found.exposure.door])
    yield from _row("exposure", [found.exposure.sentence])
    if found.captured is not None:
        yield from _row("captures", found.captured.sentences)
    yield from _row("goes back", found.recovery)
    yield from _row("reaches", found.blast_radius)
    yield from _row("limits", _limits(found.limits))
    spec = model.wanted
    watched = watch_notes(spec, prices)
    known = [size_note(spec)]
    yield from _row(
        "notes", (*notes(config), *known, *label_note(spec), *watched, *catch_notes(config))
    )


def size_note(spec: ServiceSpec) -> str:
    """Whence memory and latency are known."""
    if spec.size.measured is not None:
        return f"measured: {measured_words(spec.size.measured)}"
    older = "measured.json is of another model, so " if spec.measured else ""
    guess = f"{older}memory and latency are guessed from the model's size"
    return f"{guess}: ladle test {spec.model} --measure"


def measured_words(found: Measured) -> str:
    memory = f"{found.peak_mb:,.0f} MB of memory, " if found.peak_mb is not None else ""
    return (
        f"{memory}half of {found.requests} answers within {found.p50_ms:,.3g} ms, 99 of 100 "
        f"within {found.p99_ms:,.3g} ms"
    )


def _what(model: ModelPlan) -> Iterator[str]:
    spec = model.wanted
    source, compute = spec.source, spec.compute
    experiment = f", experiment {spec.experiment_id[:12]}" if spec.experiment_id else ""
    yield from _row("target", [f"{spec.target} ({spec.target_reason})"])
    yield from _row("moves", _moves(spec))
    packed = f"{spec.packaging}, Python {spec.python}, {spec.arch}"
    yield from _row(
        "package", [f"{packed}, {compute.memory_mb:,} MB, at most {compute.timeout_s} s"]
    )
    pinned = source.object
    there = f", version {pinned.version_id} of {pinned.address}" if pinned else ""
    said = f"{source.file_name}, {source.bytes / 1000:,.1f} kB{experiment}{there}"
    yield from _row("model", [said])
    digests = f"release {_short(spec.release_digest)}, model {_short(spec.model_digest)}"
    yield from _row("digests", [digests])


def _stack(model: ModelPlan) -> Iterator[str]:
    """What a deploy changes of it in place."""
    name = names.model_stack(model.wanted.model)
    if model.settings:
        yield f"changes in place: {words(model.settings)}; resource by resource: npx cdk diff {name}"
    elif model.change in _NO_RELEASE:
        yield (_UNCOMPARED if model.settings is None else _COMPARED).format(name)


def _moves(spec: ServiceSpec) -> Iterator[str]:
    """While it does."""
    if spec.left is None:
        return
    now = spec.left.home.target
    to = spec.target if spec.target is not now else f"another function ({spec.packaging})"
    yield (
        f"from {now} to {to}: both are there, and cost, until ladle migrate {spec.model} --finish. The first "
        "release there gets all requests at once, by one write of the door; "
        f"ladle rollback {spec.model} is the same write back"
    )
    yield (
        f"{len(stays(spec))} resources of what it leaves stay as they were deployed, whatever model.yaml says "
        "now; so do the rights of their roles"
    )
    if (note := routes_note(now, spec.target)) is not None:
        yield note


def _row(title: str, sentences: Iterable[str], wrap: bool = True) -> Iterator[str]:
    """The first line carries the title, all others stand below its text."""
    head = f"  {title:<10}"
    for sentence in sentences:
        if wrap:
            yield from wrapped(sentence, WIDTH, head, f"{INDENT}  ")
        else:
            yield f"{head}{sentence}"
        head = INDENT


def role_lines(roles: Iterable[RoleGrants]) -> Iterator[str]:
    """What each role may, in sentences."""
    yield from _row("may", _sentences(roles))


def _sentences(roles: Iterable[RoleGrants]) -> Iterator[str]:
    for role in roles:
        yield f"{role.holder}: {'; '.join(grant.sentence for grant in role.grants)}"


def _limits(found: Iterable[Limit]) -> Iterator[str]:
    """Those that would be hit, then those that are near; the nearest when there are neither."""
    rows = list(found)
    for row in rows:
        if row.is_hit:
            yield f"HIT: {row.sentence}; {row.fix}"
    if not any(row.is_hit for row in rows):
        near = [row.sentence for row in rows if row.share >= NEAR] or [rows[0].sentence]
        yield f"none would be hit; nearest: {listed(near)}"


def defaults_lines(rows: Iterable[Default]) -> list[tuple[str, str, str]]:
    return [
        (row.key, "yours" if row.is_set else row.written, "" if row.is_set else row.reason)
        for row in rows
    ]


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]
