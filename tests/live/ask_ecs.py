"""How the services of a model on ECS start, deal, rest and leave."""

from __future__ import annotations

from typing import Any

from tests.live.ask_sagemaker import no_access_denied
from tests.live.ask_traffic import dealt, freezes, took
from tests.live.checks import Needs, asked, by_hand
from tests.live.place import HALF, Place

from ladle import names
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import RecordKind

ON_ECS = {"target": "ecs", "packaging": "image", "rollout": HALF}


def serving(place: Place) -> str:
    """A model whose first release answers on Fargate."""
    return place.proven("tasks", **ON_ECS)


def trial(place: Place) -> str:
    return place.tried(place.once(serving), **ON_ECS)


def services(place: Place, name: str) -> list[Any]:
    found: list[Any] = place.session.ecs.describe_services(
        cluster=names.cluster(name), services=list(names.SLOTS)
    )["services"]
    return found


@asked("ecs.read-only")
def a_task_starts_on_a_read_only_root(place: Place) -> str:
    name = place.once(serving)
    status, answer = place.ask(name)
    assert status == 200, answer
    return f"release {answer['release']} answers as a user without rights"


@asked("ecs.credentials")
def it_reads_its_own_model(place: Place) -> str:
    lines = place.logged(names.log_group(place.once(serving)), "LD42")
    assert not lines, lines[0]
    return "no LD426 in its log"


@asked("ecs.weights")
def by_the_rules_weights(place: Place) -> str:
    return dealt(place, place.once(trial))


@asked("ecs.by-hand")
def a_write_by_hand_freezes(place: Place) -> str:
    name = place.once(trial)
    client = place.session.balancer
    tags = place.session.ecs.describe_services(
        cluster=names.cluster(name), services=[names.SLOTS[0]], include=["TAGS"]
    )["services"][0]["tags"]
    rule = next(tag["value"] for tag in tags if tag["key"] == "ladle:rule")
    actions = client.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"]
    groups = actions[0]["ForwardConfig"]["TargetGroups"]
    for group in groups:
        group["Weight"] = (
            round(group["Weight"] / 2) + 1 if group["Weight"] > 500 else group["Weight"]
        )
    return freezes(place, name, lambda: client.modify_rule(RuleArn=rule, Actions=actions))


@asked("ecs.drains")
def no_request_fails_while_tasks_leave(place: Place) -> str:
    name = place.once(trial)
    for slot in names.SLOTS:
        place.session.ecs.update_service(
            cluster=names.cluster(name), service=slot, forceNewDeployment=True
        )
    counts = place.deal(name, 3000)
    assert not counts[0], f"{counts[0]} of {sum(counts.values())} calls failed"
    return f"{sum(counts.values()):,} calls while every task was replaced, none failed"


@asked("ecs.rollback-time")
def a_rollback_takes_seconds(place: Place) -> str:
    name = place.once(trial)
    began = place.clock.now()
    place.shop.ladle("rollback", name, "--yes")
    place.settle(name)
    return f"{place.clock.now() - began:.0f} s from the wish to the write that is confirmed"


@asked("ecs.stays-at-zero")
def a_slot_at_rest_has_no_task(place: Place) -> str:
    name = place.once(serving)
    busy = len(place.weights(name))
    place.until(
        "every other slot rests",
        lambda: sum(s["desiredCount"] > 0 for s in services(place, name)) == busy,
    )
    place.clock.sleep(300.0)
    sizes = {s["serviceName"]: s["desiredCount"] for s in services(place, name)}
    assert sum(size > 0 for size in sizes.values()) == busy, sizes
    return f"{sizes}, five minutes later"


@asked("ecs.slot-alarm")
def a_release_that_fails_goes_back(place: Place) -> str:
    name = place.named("failing-tasks")
    place.proven("failing-tasks", **ON_ECS)
    place.tried(name, **{**ON_ECS, "transform": "raises.py"})
    with place.traffic(name):
        place.wait(name, lambda s: s.statuses.get(2) is ReleaseStatus.ROLLED_BACK)
    row = place.rows(name, RecordKind.ROLLED_BACK)[-1]
    return f"after {took(place, name):.0f} s: {row.text}"


@asked("ecs.breaker")
def tasks_that_end_are_refused(place: Place) -> str:
    name = place.once(serving)
    place.write(name, **{**ON_ECS, "transform": "cannot_be_imported.py"})
    place.deploy(name, expect=(0, 1))
    place.wait(name, lambda s: s.statuses[max(s.statuses)] is ReleaseStatus.REFUSED)
    return place.rows(name, RecordKind.REFUSED)[-1].text


@asked("ecs.rest-time")
def a_release_at_rest_comes_back(place: Place) -> str:
    name = place.once(serving)
    place.tried(name, **{**ON_ECS, "env": "{RESTS: later}"})
    place.shop.ladle("promote", name, "--yes")
    place.wait(name, lambda s: s.phase in (Phase.HOLDBACK, Phase.STABLE))
    place.shop.ladle("promote", name, "--yes")
    place.settle(name)
    began = place.clock.now()
    place.shop.ladle("rollback", name, "--yes")
    place.settle(name)
    return f"{place.clock.now() - began:.0f} s to bring back a release at rest"


@asked("ecs.gpu", needs=Needs.GPU)
def the_image_runs_cuda(place: Place) -> str:
    name = place.proven("gpu-tasks", **ON_ECS, compute="{gpu: 1}")
    status, answer = place.ask(name)
    assert status == 200, answer
    lines = place.logged(names.log_group(name), "LD424")
    assert not lines, lines[0]
    place.shop.ladle("destroy", name, "--yes")
    return "it answered, and no LD424 in its log"


@asked("ecs.roles")
def no_role_lacks_anything(place: Place) -> str:
    return no_access_denied(place, place.once(serving))


@asked("ecs.templates")
def nothing_is_left(place: Place) -> str:
    name = place.once(serving)
    place.shop.ladle("destroy", name, "--yes")
    left = place.session.ecs.list_task_definitions(familyPrefix=f"ladle-{name}_")[
        "taskDefinitionArns"
    ]
    clusters = place.session.ecs.describe_clusters(clusters=[names.cluster(name)])["clusters"]
    there = [c["clusterName"] for c in clusters if c["status"] == "ACTIVE"]
    assert not left, left
    assert not there, there
    return "deployed and destroyed; no cluster or task definition is left"


by_hand(
    {
        "ecs.stop": "needs two hours without a request",
        "ecs.spot": "needs a spot machine with a GPU, and somebody who ends it",
    }
)
