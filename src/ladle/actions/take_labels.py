"""A label joins its prediction and moves the counters of the minute when that was predicted.

The label is stored before it is counted, and whoever is interrupted in between finishes by sending the
same again; see ``count_labels``. A label that comes before its
prediction is stored first and looked up again after; the collector stores the prediction first and
looks for labels after: one of the two sees the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ladle.actions.count_labels import LabelCount
from ladle.errors import Finding, LadleError
from ladle.policy.rollout import RolloutPolicy
from ladle.ports import CounterStore, LabelStore, PredictionLog
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome, PredictionRows
from ladle.quality.new_label import REFUSES_ONE, NewLabel
from ladle.quality.outcomes import covers, judged
from ladle.quality.sources import told_apart
from ladle.releases.state import ReleaseState

_ASSUMED = re.compile(r"arn:aws[\w-]*:sts::(\d+):assumed-role/([^/]+)/.*")


@dataclass(frozen=True, slots=True)
class Intake:
    """The ports that labels and predictions meet in."""

    counters: CounterStore
    predictions: PredictionLog
    labels: LabelStore


@dataclass(slots=True)
class Taken:
    """What became of a list of labels; those ``corrected`` are among the ``accepted``."""

    accepted: int = 0
    corrected: int = 0
    repeated: int = 0
    waiting: int = 0
    refused: list[tuple[str, Finding]] = field(default_factory=list)


def take_labels(
    ports: Intake,
    model: str,
    policy: RolloutPolicy,
    source: str,
    sent: Sequence[NewLabel],
    now: float,
) -> Taken:
    """Takes what ``source`` (the principal who calls) says; LD601 when its word does not count."""
    check_source(policy, model, source)
    taken, finds = Taken(), _Finds(ports.predictions, model)
    count = LabelCount(ports.counters, ports.labels, model, policy.labels_accept_s, now)
    for new in sent:
        label = Label(new.request_id, new.row, new.value, now, source)
        try:
            accepted = _accept(count, finds, label, policy)
        except LadleError as error:
            if error.code not in REFUSES_ONE:
                raise
            taken.refused.append((label.prediction_id, error.finding))
            continue
        taken.accepted += accepted.new
        taken.corrected += accepted.new and accepted.number > 0
        taken.repeated += not accepted.new
        taken.waiting += accepted.outcome is None
    count.finish()
    return taken


def settle_waiting(ports: Intake, rows: PredictionRows, policy: RolloutPolicy, now: float) -> int:
    """Judges the labels that came before ``rows`` did, and those that an earlier try to do so left
    uncounted; returns how many.
    """
    count = LabelCount(ports.counters, ports.labels, rows.model, policy.labels_accept_s, now)
    given = ports.labels.given(rows.model, rows.request_id)
    found = [label for label in given if covers(rows, label.row)]
    settled = sum(count.accept(label, _judged(rows, label, policy)).counts for label in found)
    count.finish()
    return settled


def check_source(policy: RolloutPolicy, model: str, source: str) -> None:
    """Raises LadleError LD601."""
    if source_of(policy, source) is None:
        raise LadleError(
            "LD601",
            f"labels for {model} are not taken from this caller",
            "name the caller's role in labels.sources of its model.yaml and deploy; what is deployed "
            "to a paused model counts from ladle resume on",
        )


def policy_of(state: ReleaseState) -> RolloutPolicy:
    """The terms of the newest release that serves; those of no release take no labels."""
    newest = state.candidate or state.stable
    return newest.policy if newest else RolloutPolicy()


def source_of(policy: RolloutPolicy, source: str) -> str | None:
    """The entry of ``labels.sources`` that names a principal: by its ARN, or by the last part of it; a
    role by its own name or ARN, whatever session it was assumed for.
    """
    known = {source, source.rsplit("/", 1)[-1]}
    if found := _ASSUMED.fullmatch(source):
        known = {source, found[2], f"arn:aws:iam::{found[1]}:role/{found[2]}"}
    return next((entry for entry in policy.label_sources if entry in known), None)


def _judged(rows: PredictionRows, label: Label, policy: RolloutPolicy) -> LabelOutcome:
    entry = source_of(policy, label.source)
    apart = entry if entry in told_apart(policy) else None
    return judged(rows, label, policy.is_numeric, apart)


def _accept(count: LabelCount, finds: _Finds, label: Label, policy: RolloutPolicy) -> AcceptedLabel:
    rows = finds.rows(label)
    if rows and rows.window_start + count.accept_s < label.at:
        raise LadleError(
            "LD608",
            f"the prediction is older than labels are accepted for ({count.accept_s / 86400:g} days)",
            "send labels sooner, or make labels.accept longer",
        )
    accepted = count.accept(label, _judged(rows, label, policy) if rows else None)
    if accepted.outcome is None and (rows := finds.rows(label)):
        accepted = count.accept(label, _judged(rows, label, policy))
    return accepted


class _Finds:
    """Asks the log once for the rows of a request, however many of them are labelled at once."""

    def __init__(self, predictions: PredictionLog, model: str) -> None:
        self._predictions = predictions
        self._model = model
        self._last: PredictionRows | None = None

    def rows(self, label: Label) -> PredictionRows | None:
        last = self._last
        if last is None or last.request_id != label.request_id or not covers(last, label.row):
            self._last = self._predictions.find(self._model, label.request_id, label.row)
        return self._last
