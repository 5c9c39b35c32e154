"""``ladle deploy``: what is committed, to where the workspace is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.apply_deploy import Deployed, apply_deploy
from ladle.actions.bring_release import Origin, bring_release
from ladle.actions.check_pinned import refuse_altered
from ladle.actions.plan_deploy import plan_deploy
from ladle.cli.confirm import confirm
from ladle.cli.deployment import Deployment, Found, deployment_of
from ladle.cli.images import ImageDesk
from ladle.cli.locks import keep_for_later, known_locks
from ladle.cli.output import answer, answer_json, say
from ladle.cli.plan import inspect
from ladle.cli.release_words import where
from ladle.cli.switches import AsJson, Environment, Yes
from ladle.disk.clock import SystemClock
from ladle.errors import ExitCode, UsageError
from ladle.planning.plan import Change, DeploymentPlan
from ladle.planning.resolve import Cloud, refuse_embedded
from ladle.planning.service_spec import ServiceSpec
from ladle.policy.statuses import ReleaseStatus
from ladle.ports import BundleStore, DeployTool
from ladle.project.pinned_lock import drop_lock
from ladle.project.repository import find_root, packages, read_pinned
from ladle.project.services import Locks, named, read_configs, read_services
from ladle.tools.cdk import parse_event
from ladle.wiring import (
    deploy_tool,
    door_of,
    open_bundles,
    open_origin,
    open_seen_heads,
    open_workspace,
)

EMBEDDED_CONTEXT = {"ladle:embedded": "true"}


def deploy(
    models: Annotated[list[str] | None, typer.Argument(metavar="MODEL", help="None: all.")] = None,
    environment: Environment = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="ENV", help="Copy only what was proven there.")
    ] = None,
    source_profile: Annotated[
        str | None,
        typer.Option("--from-profile", help="AWS profile that may read the other environment."),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Deploy what is committed; a quarantined model is refused before anything is built."""
    root = find_root(Path.cwd())
    found = read_configs(root, environment)
    named(found, models or ())  # a name that none has is said before anybody is asked
    to = deployment_of(root, found, environment)
    url, cloud = to.url, to.cloud
    origin = None if source is None else _origin(root, source, source_profile, url)
    workspace = open_workspace(url, root)
    locks = known_locks(found, to, workspace.ledger, origin)
    _forget(found, to, locks)
    specs = read_services(root, cloud, inspect, environment, models or (), locks)
    if cloud is Cloud.EMBEDDED:
        refuse_embedded(specs)
    plan = plan_deploy(specs, workspace.ledger, to.stacks)
    _say_plan(plan)
    going = [m.wanted for m in plan.models if m.would_change]
    refuse_altered(workspace, going, open_seen_heads(url, root).seen())
    if cloud is Cloud.AWS and plan.would_change:
        confirm(f"Deploy to {url}?", yes)
    tool, context = _tool(url, root), _context(cloud, environment, locks)
    _bring(root, origin, open_bundles(url, root), going)
    ImageDesk(root, url, tool, context, origin).bring(plan)
    done = apply_deploy(plan, tool, context, workspace.ledger, SystemClock())
    keep_for_later(found, [d.plan.wanted for d in done if d.state is not None], to)
    _tell(done, {m: door_of(url, root, m) for m in (d.plan.wanted.model for d in done)}, as_json)
    return ExitCode.FINDING if plan.refused else ExitCode.OK


def _forget(found: Found, to: Deployment, known: Locks) -> None:
    """What is committed of an embedded AWS before this one; the next look would take it for this one's."""
    for package, config in found:
        if to.cloud is Cloud.EMBEDDED and config.name not in known:
            drop_lock(package, to.place)


def _origin(root: Path, source: str, profile: str | None, to: str) -> Origin:
    url = deployment_of(root, read_configs(root, source), source).url
    if url == to:
        raise UsageError(
            "LD815",
            f"{source} is where this deploy goes as well: both are {to}",
            "name an environment with another account or region under environments",
        )
    return open_origin(source, url, root, profile)


def _bring(
    root: Path, origin: Origin | None, bundles: BundleStore, going: Sequence[ServiceSpec]
) -> None:
    if origin is None:
        return
    packages_ = {package.folder.name: package for package in packages(root)}
    for spec in going:
        pinned = spec.experiment_id and read_pinned(packages_[Path(spec.folder).name])
        brought = bring_release(spec, origin, bundles, pinned or None)
        how = "copied" if brought.copied else "was here already"
        say(f"{spec.model}  the model of release {brought.proven.number} of {origin.name} {how}")
        if not brought.same_release:
            say(f"{spec.model}  other settings or other code than what {origin.name} has proven")


def _context(cloud: Cloud, environment: str | None, locks: Locks) -> Mapping[str, str]:
    """What app.py cannot know: which AWS, whose keys of model.yaml hold, what earlier releases keep."""
    written = json.dumps({model: lock.to_json() for model, lock in locks.items()})
    return {
        **(EMBEDDED_CONTEXT if cloud is Cloud.EMBEDDED else {}),
        **({"ladle:environment": environment} if environment else {}),
        "ladle:locks": written,
    }


def _tool(url: str, root: Path) -> DeployTool:
    return deploy_tool(url, root, _say_line)


def _say_line(line: str) -> None:
    event = parse_event(line)
    if event is not None and not event.status.endswith("IN_PROGRESS"):
        say(f"  {event.stack}  {event.status.lower()}  {event.what}")


def _say_plan(plan: DeploymentPlan) -> None:
    for model in plan.models:
        say(f"{model.wanted.model}  {model.change}: {model.reason}")


# What a person reads of where the wanted release went.
_WENT: Mapping[ReleaseStatus, str] = {
    ReleaseStatus.REQUESTED: "waits for its turn",
    ReleaseStatus.REFUSED: "refused: it is quarantined and gets no traffic",
    ReleaseStatus.BASELINE: "serves all traffic as the first release",
    ReleaseStatus.CANARY: "is being tried with a share of the traffic",
    ReleaseStatus.HOLDBACK: "serves most traffic; a share is held back",
    ReleaseStatus.GOOD: "serves",
    ReleaseStatus.ROLLED_BACK: "was rolled back and gets no traffic",
    ReleaseStatus.SUPERSEDED: "was superseded",
    ReleaseStatus.RETIRED: "is retired",
}


def _text(done: Deployed) -> str:
    if done.plan.change is Change.REFUSED:
        return f"refused before the CDK ran: {done.plan.reason}"
    status = done.status
    went = _WENT[status] if status else "is handed over; the controller has not answered yet"
    release = f"release {done.release} " if done.release else ""
    return f"{done.plan.change}; {release}{_moves(done) or went}"


def _moves(done: Deployed) -> str | None:
    """A release of another home than what is proven: no share goes to either, and none is held back."""
    state = done.state
    if state is None or state.stable is None or state.candidate is None:
        return None
    candidate = state.candidate
    if candidate.number != done.release or candidate.home == state.stable.home:
        return None
    return f"on {where(candidate)} gets all traffic at once, and is watched"


def _tell(done: Sequence[Deployed], doors: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        answer_json({"models": [_row(d, doors[d.plan.wanted.model]) for d in done]})
    else:
        answer("\n".join(_lines(done, doors)))


def _row(done: Deployed, door: str) -> dict[str, object]:
    return {
        "model": done.plan.wanted.model,
        "status": str(done.plan.change),
        "release": done.release,
        "target": done.plan.wanted.target,
        "state": done.status,
        "release_digest": done.plan.wanted.release_digest,
        "url": door,
        "text": _text(done),
    }


def _lines(done: Sequence[Deployed], doors: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for one in done:
        model = one.plan.wanted.model
        lines.append(f"{model}  {_text(one)}")
        if one.plan.change is not Change.REFUSED:
            lines += [
                f"  endpoint  POST {doors[model]}/predict",
                f"  watch     ladle status {model}",
            ]
            if one.plan.goes_back_to is not None:
                lines.append(f"  go back   ladle rollback {model}")
    return lines
