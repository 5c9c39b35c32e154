"""The story in eight stages, each a function of the one :class:`Story`; the table at the end is
their order. A stage types what a person would type and then looks at what really happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladle.actions.judge_quality import read_evidence
from ladle.aws.session import AwsSession
from ladle.disk.embedded_state import EmbeddedState, aws_environment
from ladle.embedded.demo.console import Console
from ladle.embedded.demo.page_facts import EvidencePoint
from ladle.embedded.demo.traffic import Pace, Traffic, read_examples
from ladle.embedded.demo.workshop import Workshop
from ladle.errors import LadleError
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.ports import Clock, Workspace
from ladle.releases.effects import RecordKind
from ladle.releases.state import ReleaseState
from ladle.tools.cdk import CdkCli, parse_event

MODEL = "digits"
PACKAGE = Path("model_packages") / MODEL
CONTEXT = {"ladle:embedded": "true"}
PATIENCE_SECONDS = 240.0


@dataclass(slots=True)
class Story:
    """What the stages share; filled in as they go."""

    shop: Workshop
    console: Console
    clock: Clock
    cloud: EmbeddedState
    workspace: Workspace
    traffic: Traffic
    experiments: list[str] = field(default_factory=list)
    rolled_back: dict[str, Any] = field(default_factory=dict)
    redeploy_same_commit: str = ""
    repin_of_quarantined: str = ""
    why: dict[str, Any] = field(default_factory=dict)
    page: Path | None = None
    evidence: list[EvidencePoint] = field(default_factory=list)

    def state(self) -> ReleaseState:
        return self.workspace.ledger.load(MODEL)

    def say(self, text: str) -> None:
        self.console.say(text)

    def wait(self, what: str, ready: Callable[[ReleaseState], bool]) -> ReleaseState:
        """Polls the ledger, naming the newest row of history; raises LD720 when it takes too long."""
        deadline = self.clock.now() + PATIENCE_SECONDS
        seen = len(self.workspace.ledger.records(MODEL))
        while self.clock.now() < deadline:
            state = self.state()
            self.console.doing(f"{what}; {state.phase}, {self._numbers(state)}")
            records = self.workspace.ledger.records(MODEL)
            for record in records[seen:]:
                self.say(f"   {record.id}  {record.text}")
            seen = len(records)
            if ready(state):
                return state
            self.clock.sleep(0.5)
        raise LadleError(
            "LD720",
            f"waited {PATIENCE_SECONDS:g} s: {what}; the model is {self.state().phase} "
            f"({self.state().reason}); {self._numbers(self.state())}; {self.traffic.last_error}",
            "run the demo again with --keep to look around",
        )

    def _numbers(self, state: ReleaseState) -> str:
        """What is known now; each reading of the evidence is kept for the page."""
        tally = self.traffic.tally
        said = f"{tally.requests} requests, {tally.labels} labels"
        now = self.clock.now()
        evidence = read_evidence(self.workspace.counters, state, now)
        if evidence is None:
            return said
        release = evidence.candidate_release
        said += f"; release {release}: {evidence.candidate_requests} requests"
        if release != evidence.stable_release:
            self.evidence.append(EvidencePoint(release, now, evidence.log_e))
            said += f", log_e {evidence.log_e:.1f} of {evidence.log_e_limit:.1f}"
        return said


def cloud_printer(console: Console) -> Callable[[str], None]:
    """Shows of the CDK's output what a person can use: finished resources and failures."""

    def show(line: str) -> None:
        event = parse_event(line)
        if event is None:
            return
        console.doing(f"{event.stack}: {event.status.lower()} {event.what}")
        if event.status.endswith("FAILED"):
            console.say(f"   {event.status} {event.what}")

    return show


def deploy_platform(cloud: EmbeddedState, shop: Workshop, console: Console) -> None:
    """The real CDK CLI, on the emulator: bootstrap, then the platform stack."""
    environment = aws_environment(cloud, shop.root)
    cdk = CdkCli(shop.root, environment, cloud_printer(console))
    console.doing("cdk bootstrap")
    cdk.bootstrap()
    console.say("   cdk bootstrap: done")
    console.doing("cdk deploy ladle-platform")
    cdk.deploy(["ladle-platform"], CONTEXT)
    console.say("   cdk deploy ladle-platform: done")


def train_and_pin(story: Story, title: str, *options: str) -> str:
    """Records an experiment by its command, pins it, commits; returns its id."""
    command = ("python", str(PACKAGE / "train.py"), *options)
    story.console.doing(f"ladle record {MODEL} -- {' '.join(command)}")
    story.shop.ladle("record", MODEL, "--", *command)
    newest = story.workspace.manifests.log(MODEL, limit=1)[0]
    id_ = newest.manifest.id
    story.experiments.append(id_)
    metrics = ", ".join(f"{k} {v:.3f}" for k, v in newest.manifest.metrics.items())
    story.say(f"   recorded experiment {id_[:12]} ({title}): {metrics}")
    story.shop.ladle("pin", MODEL, id_)
    commit = story.shop.commit(f"Serve the {title} experiment {id_[:12]}")
    story.say(f"   pinned by commit {commit[:10]}")
    return id_


def deploy(story: Story, *, expect: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """``ladle deploy`` of what is committed; its answer for the model."""
    story.console.doing("ladle deploy")
    answer = story.shop.ladle_json("deploy", "--yes", expect=expect)
    model = next(m for m in answer["models"] if m["model"] == MODEL)
    story.say(f"   ladle deploy: {model['text']}")
    return dict(model)


def first_release(story: Story) -> None:
    train_and_pin(story, "first")
    deploy(story)
    state = story.wait("the first release takes all traffic", lambda s: s.stable is not None)
    assert_that(state.traffic is not None, "the alias exists", state)


def predict(story: Story) -> None:
    """One request through the front door, shown whole; then the live traffic begins."""
    golden = sorted((story.shop.root / PACKAGE / "golden").glob("*.json"))[0]
    answer = story.shop.ladle_json("predict", MODEL, "--file", str(golden))
    ids = answer["prediction_ids"]
    assert_that(len(ids) == len(answer["predictions"]), "every row has a prediction id", answer)
    story.say(f"   release {answer['release']} answered {len(ids)} rows; first id {ids[0]}")
    story.traffic.start()
    story.say("   live traffic begins; labels follow some seconds later")
    story.wait("the first release proves itself", lambda s: bool(s.good))


def damage(story: Story) -> None:
    """The same code and parameters, on data whose labels are wrong in one slice."""
    story.shop.run("python", str(PACKAGE / "make_data.py"), "--flip-slice")
    train_and_pin(story, "damaged")
    deploy(story)
    state = story.wait(
        "the candidate gets its share",
        lambda s: s.phase is Phase.CANARY and s.intent is None,
    )
    weights = state.traffic.weights if state.traffic else {}
    story.say(f"   alias weights: {show_weights(weights)} (drawn by the embedded front door)")


def roll_back(story: Story) -> None:
    """Late labels become evidence; the alarm wakes the controller; the alias goes back."""
    candidate = story.state().candidate
    assert_that(candidate is not None, "a candidate is being tried", story.state())
    number = candidate.number if candidate else 0
    state = story.wait(
        f"labels of release {number} arrive",
        lambda s: s.statuses.get(number) is ReleaseStatus.ROLLED_BACK and s.intent is None,
    )
    row = next(
        r
        for r in reversed(story.workspace.ledger.records(MODEL))
        if r.kind is RecordKind.ROLLED_BACK and r.release == number
    )
    story.rolled_back = {
        "release": number,
        "version": str(number),
        "reason": row.text,
        "log_e": row.data.get("log_e"),
        "bad_requests": story.traffic.tally.requests_by_release[number],
        "record": row.id,
    }
    assert_that(state.quarantine != (), "the model is quarantined", state)
    story.redeploy_same_commit = deploy(story)["status"]
    story.say("   the same commit deployed again changes nothing")


def refuse(story: Story) -> None:
    """A revert serves the proven experiment; pinning the quarantined one again is refused."""
    good, bad = story.experiments[0], story.experiments[1]
    story.shop.run("git", "revert", "--no-edit", "HEAD")
    deploy(story)
    story.wait("the proven release serves alone", lambda s: s.phase is Phase.STABLE)
    story.shop.ladle("pin", MODEL, bad)
    story.shop.commit(f"Pin {bad[:12]} again")
    story.repin_of_quarantined = deploy(story, expect=(1,))["status"]
    story.shop.run("git", "revert", "--no-edit", "HEAD")
    story.say(f"   back to experiment {good[:12]} by git revert")


def explain(story: Story) -> None:
    story.why = dict(story.shop.ladle_json("why", MODEL))
    _, lines = story.shop.ladle("why", MODEL)
    story.say("   " + "\n".join(lines))


def promote(story: Story) -> None:
    story.shop.run("python", str(PACKAGE / "make_data.py"))
    train_and_pin(story, "better", "--hidden", "64")
    deploy(story)
    before = story.state()
    handed = max(before.statuses)
    story.wait(
        f"release {handed} goes through bake and holdback",
        lambda s: s.statuses.get(handed) is ReleaseStatus.GOOD and s.phase is Phase.STABLE,
    )


def show_weights(weights: Any) -> str:
    return ", ".join(f"release {n}: {w:.0%}" for n, w in weights.items())


def assert_that(holds: bool, what: str, seen: object) -> None:
    """A claim of the story; raises LD720 with what was seen instead."""
    if not holds:
        raise LadleError(
            "LD720", f"the story says: {what}; seen: {seen}", "run the demo with --keep to look"
        )


# Stage -> what the console calls it, and what is done.
STAGES: tuple[tuple[str, str, Callable[[Story], None]], ...] = (
    ("first_release", "train, record, pin, deploy: release 1", first_release),
    ("predict", "ask through the front door; live traffic begins", predict),
    ("canary", "a damaged experiment becomes a candidate", damage),
    ("rollback", "late labels, evidence, alarm, rollback", roll_back),
    ("quarantine", "a revert; the damaged experiment pinned again is refused", refuse),
    ("why", "ladle why: what changed", explain),
    ("promotion", "a better experiment is promoted", promote),
)


def make_traffic(cloud: EmbeddedState, root: Path, clock: Clock) -> Traffic:
    examples = read_examples(root / PACKAGE / "live.csv")
    return Traffic(cloud.door, MODEL, examples, Pace(), clock, seed=7)


def session_of(cloud: EmbeddedState) -> AwsSession:
    return AwsSession(cloud.region, cloud.endpoint, embedded=True)
