"""``ladle status``: what serves, what is being tried, and what a promotion still waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.read_locks import handed_over_last
from ladle.actions.read_status import ModelStatus, deployed_models, read_status
from ladle.cli.asking import workspace_here
from ladle.cli.deployment import Deployment
from ladle.cli.locks import known_locks, newer_runtime
from ladle.cli.output import answer, answer_json, say
from ladle.cli.plan import inspect
from ladle.cli.release_words import evidence_lines, homes_line, moment, state_json
from ladle.cli.switches import AsJson
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.policy.traffic import as_alias
from ladle.ports import ReleaseLedger
from ladle.project.repository import find_root
from ladle.project.services import read_configs, read_services
from ladle.quality.classes import Recall
from ladle.releases.state import ReleaseState
from ladle.why.words import span
from ladle.wiring import workspace_url

WATCH_EVERY_S = 2.0
CLEAR = "\x1b[H\x1b[2J"


def status(
    model: Annotated[str | None, typer.Argument(help="Leave it out for all models.")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Again each two seconds, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is committed, handed over and live, and how a rollout goes."""
    workspace = workspace_here()
    committed = _committed(Path.cwd(), workspace.ledger)
    clock = SystemClock()
    while True:
        now = clock.now()
        models = [model] if model else deployed_models(workspace)
        new = [] if model else sorted(committed.keys() - set(models))
        found = [read_status(workspace, name, now) for name in models]
        if as_json:
            rows = [_as_json(s, committed, now) for s in found]
            answer_json({"models": rows, "never_deployed": new})
        else:
            _show(found, new, committed, now, watch)
        if not watch:
            return
        clock.sleep(WATCH_EVERY_S)


def _committed(here: Path, ledger: ReleaseLedger) -> Mapping[str, str]:
    """Release digests of what the repository holds; nothing without one, or where it has mistakes."""
    try:
        root = find_root(here)
    except LadleError:
        return {}
    try:
        to = Deployment(root, workspace_url(root))
        locks = known_locks(read_configs(root), to, ledger)
        specs = read_services(root, to.cloud, inspect, known=locks)
    except LadleError as error:
        say(f"what is committed cannot be read: {error}")
        return {}
    return {spec.model: spec.release_digest for spec in specs}


def _as_json(status: ModelStatus, committed: Mapping[str, str], now: float) -> dict[str, Any]:
    state = status.state
    return {
        **state_json(state),
        "age_s": round(now - state.phase_since, 3),
        "live": as_alias(status.live),
        "unread": status.unread,
        "committed": committed.get(state.model),
        "handed_over": state.handed_over,
        "candidate": state.candidate.number if state.candidate else None,
        "stable": state.stable.number if state.stable else None,
        "waiting": [release.number for release in state.waiting],
        "evidence": status.evidence.to_json() if status.evidence else None,
        "stops_at": state.stop_notice.due_at if state.stop_notice else None,
        "lacking": list(status.lacking),
        "unheard": status.unheard,
        "drifts": {str(n): [asdict(d) for d in found] for n, found in status.drifts.items()},
        "estimate_before_labels": status.estimate,
        "worse_segments": [asdict(s) for s in status.worse_segments],
        "measures": {str(n): dict(found) for n, found in status.measures.items()},
        "recalls": {
            str(n): {name: recall._asdict() for name, recall in found.items()}
            for n, found in status.recalls.items()
        },
    }


def _show(
    found: Sequence[ModelStatus],
    new: Sequence[str],
    committed: Mapping[str, str],
    now: float,
    watch: bool,
) -> None:
    lines = [line for one in found for line in _lines(one, committed, now)]
    lines += [f"{name}  committed, not deployed: ladle deploy" for name in new]
    text = "\n".join(lines)
    if not lines:
        say("no model is deployed here yet: ladle deploy")
    elif watch:
        answer(CLEAR + text)
    else:
        answer(text)


def _live(status: ModelStatus) -> str:
    if status.unread is not None:
        return f"cannot be read: {status.unread}"
    return str(status.live or "nothing: there is no alias")


def _lines(status: ModelStatus, committed: Mapping[str, str], now: float) -> Iterator[str]:
    state = status.state
    since = f" for {span(now - state.phase_since)}" if state.phase_since else ""
    yield f"{state.model}  {state.phase}{since}"
    if state.reason:
        yield f"  because      {state.reason}"
    if state.stop_notice is not None:
        yield f"  stops        {moment(state.stop_notice.due_at)}: {state.stop_notice.overrun.text}"
    yield f"  live         {_live(status)}"
    if state.traffic and not status.unread and not state.traffic.reads_like(status.live):
        yield f"  the ledger   {state.traffic}"
    if (homes := homes_line(state)) is not None:
        yield f"  moves        {homes}: ladle migrate {state.model} --finish, or --undo"
    yield f"  handed over  {_release(state, state.handed_over)}"
    if state.model in committed:
        digest = committed[state.model]
        same = "the same" if digest == state.handed_over else _release(state, digest)
        yield f"  committed    {same}"
    yield from _runtime(state)
    for release in state.waiting:
        yield f"  waiting      release {release.number}"
    if status.evidence is not None:
        yield from _rows("evidence", evidence_lines(status.evidence))
    yield from _advisory(status)
    yield from _rows("not proven", status.lacking)
    if status.unheard:
        yield f"  inbox        {status.unheard} messages wait for the controller"


def _rows(name: str, told: Iterable[str]) -> Iterator[str]:
    """The name stands before the first one alone."""
    for n, text in enumerate(told):
        yield f"  {name if n == 0 else '':<11}  {text}"


def _runtime(state: ReleaseState) -> Iterator[str]:
    """Only where an upgrade would change it."""
    last = handed_over_last(state)
    if last is not None and (newer := newer_runtime(last.runtime)) is not None:
        yield f"  runtime      {last.runtime}; this one is {newer}: ladle upgrade {state.model}"


def _advisory(status: ModelStatus) -> Iterator[str]:
    """What is told and decides nothing."""
    for release, found in status.measures.items():
        told = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in found.items())
        yield f"  labels       release {release}, last day: {told}"
    for release, recalls in status.recalls.items():
        yield f"  by class     release {release}, last day: {_worst_first(recalls)}"
    for release, drifts in status.drifts.items():
        far = [f"{d.column} ({100 * d.distance:.2g} % of rows)" for d in drifts if d.drifted]
        if far:
            yield f"  drift        release {release} against its training: {', '.join(far[:5])}"
    for worse in status.worse_segments:
        rates = [f"{100 * (arm.rate or 0):.3g} %" for arm in (worse.candidate, worse.stable)]
        how = "off by a scale's" if worse.numeric else "wrong in"
        yield f"  segment      {worse.segment}: {how} {rates[0]} against {rates[1]}, advisory"
    if status.estimate is not None:
        yield f"  estimate     accuracy about {100 * status.estimate:.3g} % by confidence, advisory"


def _worst_first(recalls: Mapping[str, Recall]) -> str:
    """The five true classes that are answered rightly least often."""
    worst = sorted(recalls.items(), key=lambda item: item[1].share)
    told = [f"{name} right in {100 * r.share:.3g} % of {r.labelled:,.0f}" for name, r in worst[:5]]
    return ", ".join(told) + (f", of {len(worst)} classes" if len(worst) > 5 else "")


def _release(state: ReleaseState, digest: str | None) -> str:
    known = next((r for r in state.releases if r.release_digest == digest), None)
    if known is None:
        return "not deployed yet: ladle deploy" if digest else "nothing"
    experiment = f", experiment {known.experiment_id[:12]}" if known.experiment_id else ""
    return f"release {known.number}, {state.statuses[known.number]}{experiment}"
