"""How Lambda deals requests and takes writes of an alias, and how soon a rollback has happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError
from tests.live.checks import asked
from tests.live.leavings import POLICY
from tests.live.place import Place

from ladle import names
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import RecordKind

CALLS = 1000
CALLS_HERE = 100  # each is a process of the emulator
FAR = 4.0  # standard deviations: once in 16,000 runs by chance
SETTLED_S = 20.0  # what IAM takes to spread a change
ROLLBACK_S = 120.0


def trial(place: Place) -> str:
    """A model whose second release has half of the traffic."""
    return place.tried(place.proven("tried"))


def dealt(place: Place, name: str) -> str:
    """Whether the share of the answers is that of the weights."""
    weight, calls = place.weights(name)[2], CALLS_HERE if place.embedded else CALLS
    counts = place.deal(name, calls)
    share, spread = counts[2] / calls, (weight * (1 - weight) / calls) ** 0.5
    assert not counts[0], f"{counts[0]} of {calls} calls failed"
    assert abs(share - weight) < FAR * spread, f"{share:.3f} of the calls at weight {weight}"
    return f"release 2 answered {counts[2]} of {calls:,} calls at weight {weight:g}"


@asked("traffic.dealt", here=True)
def by_the_weights(place: Place) -> str:
    return dealt(place, place.once(trial))


@asked("traffic.stale")
def a_stale_revision_is_refused(place: Place) -> str:
    name = place.once(trial)
    error = refusal(
        lambda: place.session.lambda_.update_alias(
            FunctionName=names.function(name),
            Name=names.ALIAS,
            RevisionId="00000000-0000-0000-0000-000000000000",
            FunctionVersion="1",
        )
    )
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 412, error
    return f"{status} {error.response['Error']['Code']}"


def refusal(call: Callable[[], object]) -> ClientError:
    """What AWS says against it."""
    try:
        call()
    except ClientError as error:
        return error
    raise AssertionError("it was taken")


@contextmanager
def without(place: Place, role: str, action: str) -> Iterator[None]:
    """A role may not do this for as long as the block lasts."""
    iam = place.client("iam")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(policy))
    try:
        place.clock.sleep(SETTLED_S)
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=POLICY)


def permission_first(place: Place, name: str, action: str, **keys: str) -> str:
    """A candidate waits while its rollback would be refused, and says what is missing."""
    with without(place, names.router_role(name), action):
        place.write(name, env="{WAITS: for a permission}", **keys)
        place.deploy(name)
        state = place.wait(name, lambda s: s.blocked is not None)
        waits = [release.number for release in state.waiting]
        assert waits, f"nothing waits in {state.phase}"
        assert action in (state.blocked or ""), state.blocked
    place.wait(name, lambda s: s.phase is Phase.CANARY)
    return f"release {waits[0]} waited: {state.blocked}"


@asked("traffic.permission-first")
def a_missing_permission_is_told_first(place: Place) -> str:
    return permission_first(place, place.proven("permitted"), "lambda:UpdateAlias")


def freezes(place: Place, name: str, write: Callable[[], object]) -> str:
    """A write by hand is found; afterwards what the ledger says is put back."""
    write()
    state = place.wait(name, lambda s: s.phase is Phase.FROZEN)
    place.shop.ladle("resume", name, "--restore", "--yes")
    place.settle(name)
    return f"FROZEN: {state.reason}"


@asked("traffic.by-hand", here=True)
def a_write_by_hand_freezes(place: Place) -> str:
    name = place.once(trial)
    return freezes(
        place,
        name,
        lambda: place.session.lambda_.update_alias(
            FunctionName=names.function(name),
            Name=names.ALIAS,
            FunctionVersion="1",
            RoutingConfig={"AdditionalVersionWeights": {}},
        ),
    )


def fails(place: Place) -> str:
    """A model whose second release fails each request, with traffic until it is taken back."""
    name = place.tried(place.proven("failing"), transform="raises.py")
    with place.traffic(name):
        place.wait(name, lambda state: state.statuses.get(2) is ReleaseStatus.ROLLED_BACK)
    place.settle(name)
    return name


def took(place: Place, name: str) -> float:
    """From the first window with a failed request to the write that took the release back."""
    windows = place.workspace.counters.read(name, 2, since=0.0)
    failed = [window.start for window in windows if window.counts.failed]
    rolled_back = place.rows(name, RecordKind.ROLLED_BACK)[-1].at
    done = next(row.at for row in place.rows(name, RecordKind.OUTCOME) if row.at >= rolled_back)
    return done - min(failed)


@asked("traffic.rollback-time", here=True)
def a_rollback_is_quick(place: Place) -> str:
    seconds = took(place, place.once(fails))
    assert place.embedded or seconds < ROLLBACK_S, f"{seconds:.0f} s"
    return f"{seconds:.0f} s from the window of the first failure to the write"


@asked("traffic.settles", here=True)
def reads_settle(place: Place) -> str:
    name = place.once(fails)
    frozen = place.rows(name, RecordKind.FROZEN)
    assert not frozen, frozen[0].text
    return f"{len(place.workspace.ledger.records(name))} rows of history, none FROZEN"
