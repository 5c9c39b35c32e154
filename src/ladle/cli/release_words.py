"""Releases, rows of history and evidence as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ladle.catalog import Target
from ladle.planning.grant import listed
from ladle.policy.traffic import as_alias
from ladle.policy.verdicts import ArmCounts, Evidence, GuardVerdict
from ladle.releases.effects import Record
from ladle.releases.state import Release, ReleaseState
from ladle.why.numbers import whose_labels
from ladle.why.words import plural


def moment(at: float) -> str:
    """UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def state_json(state: ReleaseState) -> dict[str, Any]:
    """What every command about releases answers; ``alias`` is what the alias should read."""
    return {
        "model": state.model,
        "phase": str(state.phase),
        "reason": state.reason,
        "alias": as_alias(state.traffic),
        "moves": len(state.homes) > 1,
        "releases": [
            {
                "release": release.number,
                "state": str(state.statuses[release.number]),
                "release_digest": release.release_digest,
                "model_digest": release.model_digest,
                "experiment": release.experiment_id,
                "target": release.target,
                "packaging": release.packaging,
                "base": release.base,
            }
            for release in sorted(state.releases, key=lambda r: -r.number)
        ],
        "quarantine": [
            {"scope": str(q.scope), "digest": q.digest, "release": q.release, "reason": q.because}
            for q in state.quarantine
        ],
    }


def where(release: Release) -> str:
    """Functions differ by how they are packed."""
    packed = release.target is Target.LAMBDA and release.packaging is not None
    return f"{release.target} ({release.packaging})" if packed else str(release.target)


def homes_line(state: ReleaseState) -> str | None:
    """Where each release runs that may get traffic, while that is not one place. Two functions have one
    name for where they run, so it is said which of both places is new.
    """
    if len(state.homes) < 2:
        return None
    newest = max(home.base for home in state.homes)
    told = []
    for home in sorted(state.homes, key=lambda h: h.base):
        here = sorted((r for r in state.startable if r.home == home), key=lambda r: r.number)
        numbers = listed(str(r.number) for r in here)
        role = "new" if home.base == newest else "left"
        told.append(f"release{'s' * (len(here) > 1)} {numbers} on {where(here[-1])}, {role}")
    return "; ".join(told)


def record_json(record: Record) -> Mapping[str, Any]:
    return {
        "id": record.id,
        "at": record.at,
        "kind": str(record.kind),
        "release": record.release,
        "text": record.text,
        "data": dict(record.data),
    }


def evidence_lines(evidence: Evidence) -> Iterator[str]:
    """One line for the rollout, one for each guard."""
    yield (
        f"{plural(evidence.candidate_requests, 'request')}, "
        f"{plural(evidence.candidate_labels, 'label')} of "
        f"release {evidence.candidate_release} since {moment(evidence.since)}; "
        f"log e {evidence.log_e:.2f} of {evidence.log_e_limit:.2f}"
    )
    for guard in evidence.guards:
        yield f"{guard.guard:<9} {_verdict(guard)}"
    for source in evidence.left_out:
        yield f"left out: {whose_labels(source)} cover the two releases unequally"


def _verdict(guard: GuardVerdict) -> str:
    if not guard.alive:
        return "has seen no data of both releases yet"
    needs = f"; needs about {guard.needs:,} more requests" if guard.needs is not None else ""
    return (
        f"{guard.verdict}: {_arm(guard.candidate)} against {_arm(guard.stable)}, "
        f"log e {guard.log_e:.2f}{needs}"
    )


def _arm(counts: ArmCounts) -> str:
    return f"{100 * (counts.rate or 0):.3g} % of {counts.exposed:,.0f}"
