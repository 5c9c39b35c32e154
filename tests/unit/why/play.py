"""A model's life told by the real decision code: hand-offs, counted windows, people, and the clock."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ladle.digest import of_bytes
from ladle.experiments.compare import Difference, compare
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
    TensorSpec,
)
from ladle.experiments.rows import RowsDifference, compare_rows, read_table
from ladle.policy.lock import Runtime
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge
from ladle.releases.decide import decide
from ladle.releases.effects import Record
from ladle.releases.events import (
    CandidateReady,
    Event,
    EvidenceRead,
    IntentDone,
    OutboxDone,
    TimePassed,
)
from ladle.releases.state import Release, ReleaseState
from ladle.why.explain import explain
from ladle.why.explanation import Explanation
from ladle.why.facts import ComparedExperiments, Facts, Subject

MODEL = "digits"
BEGAN = 1_795_428_000.0
ROWS = 1437
FLIPPED = 120


def policy() -> RolloutPolicy:
    """Margins of a laptop's demo: seconds in place of hours."""
    return RolloutPolicy(
        canary_percent=20,
        bake_s=40,
        min_requests=60,
        min_labels=60,
        max_s=300,
        holdback_percent=20,
        holdback_s=30,
        window_s=2,
        label_sources=("labeller",),
        labels_expected=True,
        guards=(
            Guard(GuardName.FAILURES, worse_than=1.2, fine_below=0.05),
            Guard(GuardName.ACCURACY, worse_by=0.02),
        ),
    )


def table(flipped: int) -> bytes:
    """A training table; the labels of the first ``flipped`` threes are eights."""
    lines = ["pixel_0,pixel_1,label"]
    for i in range(ROWS):
        label = 3 if i % 10 == 3 else i % 10
        threes = i // 10
        lines.append(f"{i % 17},{i % 13},{8 if i % 10 == 3 and threes < flipped else label}")
    return ("\n".join(lines) + "\n").encode()


def experiment(
    sequence: int,
    flipped: int,
    accuracy: float,
    depth: int = 6,
    after: RecordedExperiment | None = None,
) -> RecordedExperiment:
    data = table(flipped)
    float_in = TensorSpec("input", "float", (None, 64))
    manifest = Manifest(
        model=MODEL,
        outcome="succeeded",
        created_at="2026-11-23T10:00:00Z",
        actor="demo",
        previous=after.manifest.id if after else None,
        data=(DataInput("data/train.csv", str(of_bytes(data)), len(data)),),
        code=Code("c0ffee" * 6 + "0000", False, None, ("python", "train.py")),
        params={"depth": depth},
        environment=Environment("3.11.7", "linux-x86_64", str(of_bytes(b"lock"))),
        metrics={"accuracy": accuracy},
        artefact=ModelArtefact(
            "model.onnx",
            str(of_bytes(b"model %d" % sequence)),
            4096,
            "onnx",
            Signature((float_in,), (TensorSpec("label", "int64", (None,)),)),
        ),
    )
    return RecordedExperiment(manifest, {str(of_bytes(data)): Locator("k", "v")}, sequence)


def rows_between(before: int, after: int) -> RowsDifference:
    old, new = read_table("train.csv", table(before)), read_table("train.csv", table(after))
    assert old is not None
    assert new is not None
    return compare_rows(old, new)


def difference(before: RecordedExperiment, after: RecordedExperiment) -> Difference:
    return compare(before.manifest, after.manifest)


@dataclass
class Play:
    """``now`` moves by hand; every decision's rows are kept as a ledger would keep them."""

    now: float = BEGAN
    state: ReleaseState = field(default_factory=lambda: ReleaseState(MODEL))
    records: list[Record] = field(default_factory=list)
    windows: dict[int, list[Window]] = field(default_factory=dict)
    experiments: dict[int, RecordedExperiment] = field(default_factory=dict)
    looked: list[tuple[int, float, float]] = field(default_factory=list)  # release, at, log_e

    def hear(self, event: Event) -> None:
        decision = decide(self.state, event, self.now)
        self.state = decision.state
        for row in decision.records:
            id_ = f"{MODEL}/{len(self.records) + 1}"
            self.records.append(
                Record(id_, self.now, row.kind, row.release, row.text, dict(row.data))
            )

    def settle(self, after_s: float = 0.4) -> None:
        """The alias reads as it was intended, the outbox is empty."""
        while self.state.intent is not None:
            self.now += after_s
            self.hear(IntentDone(self.state.intent.id))
        self.hear(OutboxDone(self.state.outbox))

    def hand_over(
        self,
        number: int,
        made: RecordedExperiment | None = None,
        rules: RolloutPolicy | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        if made is not None:
            self.experiments[number] = made
        digest = made.manifest.artefact.digest if made and made.manifest.artefact else None
        model_digest = digest or str(of_bytes(b"unrecorded %d" % number))
        self.hear(
            CandidateReady(
                Release(
                    number,
                    of_bytes(b"release %d" % number).hex,
                    model_digest,
                    made.manifest.id if made else None,
                    self.now,
                    rules or policy(),
                    runtime=runtime,
                )
            )
        )
        self.settle()

    def serve(self, seconds: float, wrong: dict[int, float], seed: int, per_s: float = 4.0) -> None:
        """Windows of traffic by the alias's weights; ``wrong`` is each release's true rate."""
        draws = random.Random(seed)
        until, on_trial = self.now + seconds, self.state.on_trial
        while self.now < until and self.state.on_trial == on_trial:
            traffic = self.state.traffic
            assert traffic is not None
            start = self.now // 2 * 2
            for _ in range(round(2 * per_s)):
                number = draws.choices(list(traffic.weights), list(traffic.weights.values()))[0]
                bad = sum(draws.random() < wrong[number] for _ in range(8)) / 8
                self._count(number, start, bad)
            self.now += 2.0
            self._look()

    def _count(self, number: int, start: float, wrong_share: float) -> None:
        one = Counts(1, 0, 0, MICRO, round(wrong_share * MICRO), {12: 1})
        windows = self.windows.setdefault(number, [])
        if windows and windows[-1].start == start:
            windows[-1] = Window(start, windows[-1].counts + one)
        else:
            windows.append(Window(start, one))

    def _look(self) -> None:
        state = self.state
        if state.phase in (Phase.CANARY, Phase.HOLDBACK):
            stable, candidate = state.the_stable.number, state.the_candidate.number
            evidence = judge(
                self.windows.get(stable, []),
                self.windows.get(candidate, []),
                state.the_candidate.policy,
                state.evidence_since,
                (stable, candidate),
            )
            self.looked.append((candidate, self.now, evidence.log_e))
            self.hear(EvidenceRead(evidence))
        self.hear(TimePassed())
        self.settle()

    def facts(self, subject: Subject | None = None) -> Facts:
        return Facts(
            subject or Subject(MODEL), self.now, tuple(self.records), self.state, self.experiments
        )

    def why(
        self, subject: Subject | None = None, compared: tuple[int, int] | None = None
    ) -> Explanation:
        facts = self.facts(subject)
        if compared is None:
            return explain(facts)
        before, after = (self.experiments[n] for n in compared)
        told = ComparedExperiments(
            difference(before, after), {"data/train.csv": rows_between(0, FLIPPED)}
        )
        return explain(
            Facts(facts.subject, facts.now, facts.records, facts.state, facts.experiments, told)
        )
