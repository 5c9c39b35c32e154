"""How an endpoint of SageMaker starts, deals, joins, leaves and says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.live.ask_door import JSON, npy
from tests.live.ask_traffic import dealt, freezes, permission_first, refusal, took
from tests.live.checks import Needs, asked
from tests.live.place import HALF, Place

from ladle import names
from ladle.aws.account_facts import AwsAccount
from ladle.planning.quotas import SERVERLESS
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import RecordKind
from ladle.releases.state import ReleaseState
from ladle.targets.sagemaker import machines

ON_SAGEMAKER = {"target": "sagemaker", "packaging": "image"}
PAYLOAD_BYTES = 5_900_000


def serving(place: Place) -> str:
    """A model whose endpoint has come in service."""
    name = place.named("machine")
    place.write(name, rollout=HALF, **ON_SAGEMAKER)
    place.deploy(name)
    waiter = place.session.sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=names.endpoint(name))
    place.promote(name)
    return name


@asked("sagemaker.quotas")
def the_account_says_how_many_machines_there_may_be(place: Place) -> str:
    account = AwsAccount(place.session)
    named = [SERVERLESS, *(f"{name} for endpoint usage" for name in machines())]
    found = {name: account.quota("sagemaker", name) for name in named}
    assert None not in found.values(), found
    return f"{len(found)} quotas, ml.m5.large {found['ml.m5.large for endpoint usage']:g}"


def trial(place: Place) -> dict[str, Any]:
    """A second release that has joined it, and which releases answered until then."""
    name = place.once(serving)
    place.write(name, rollout=HALF, env="{SECOND: release}", **ON_SAGEMAKER)
    place.deploy(name)
    answered: list[int] = []
    while place.state(name).phase is not Phase.CANARY:
        status, answer = place.ask(name)
        answered.append(answer["release"] if status == 200 else 0)
    return {"name": name, "answered": answered}


@asked("sagemaker.container")
def the_container_serves(place: Place) -> str:
    name = place.once(serving)
    found = place.session.sagemaker.describe_endpoint(EndpointName=names.endpoint(name))
    status, answer = place.ask(name)
    assert (found["EndpointStatus"], status) == ("InService", 200), answer
    return f"{found['EndpointStatus']}, release {answer['release']} answers"


@asked("sagemaker.model-source")
def it_has_its_own_folder(place: Place) -> str:
    name = place.once(serving)
    lines = place.logged(names.endpoint_log_group(name), "LD42")
    assert not lines, lines[0]
    return "no LD421 in its log"


@asked("sagemaker.bodies")
def bodies_pass_as_they_are(place: Place) -> str:
    name = place.once(serving)
    as_json, _ = place.send(name, "/predict", b'{"inputs": [[0.0, 0.5]]}', JSON)
    as_npy, _ = place.send(name, "/predict", npy(), "application/x-npy")
    assert (as_json, as_npy) == (200, 200)
    return "JSON and .npy answered with 200"


@asked("sagemaker.payload")
def large_requests_pass(place: Place) -> str:
    name = place.once(serving)
    rows = b"[" + b",".join([b"[0.0,0.5]"] * (PAYLOAD_BYTES // 10)) + b"]"
    body = b'{"inputs":' + rows + b"}"
    status, answer = place.send(name, "/predict", body, JSON)
    assert status == 200, answer[:200]
    return f"a body of {len(body):,} bytes was answered with {status}"


@asked("sagemaker.streams")
def streams_begin_with_the_variant(place: Place) -> str:
    group = names.endpoint_log_group(place.once(serving))
    found = place.session.logs.describe_log_streams(logGroupName=group)["logStreams"]
    streams = [stream["logStreamName"] for stream in found]
    assert streams, "no stream"
    assert all(stream.startswith(names.VARIANT) for stream in streams), streams
    return streams[0]


@asked("sagemaker.joins")
def a_joining_variant_gets_nothing(place: Place) -> str:
    answered = place.once(trial)["answered"]
    wrong = [release for release in answered if release not in (1, 2)]
    early = answered[: -len(answered) // 10 or None].count(2)
    assert not wrong, f"{len(wrong)} of {len(answered)} calls failed"
    assert not early, f"release 2 answered {early} calls while it joined"
    return f"{len(answered)} calls while it joined, none failed, release 1 answered"


@asked("sagemaker.weights")
def weights_deal(place: Place) -> str:
    name = place.once(trial)["name"]
    said = dealt(place, name)
    assert place.state(name).phase is Phase.CANARY
    return said


@asked("sagemaker.scaling-leaves")
def only_what_serves_scales(place: Place) -> str:
    name = place.once(serving)
    found = place.session.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    mine = [
        t["ResourceId"] for t in found["ScalableTargets"] if names.endpoint(name) in t["ResourceId"]
    ]
    there = {names.scaled_variant(name, release) for release in place.weights(name)}
    assert set(mine) <= there, mine
    return f"{mine or 'nothing scales'}"


def weigh(place: Place, name: str, weights: Mapping[int, float]) -> None:
    """As somebody does it by hand."""
    place.session.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=names.endpoint(name),
        DesiredWeightsAndCapacities=[
            {"VariantName": names.variant(release), "DesiredWeight": weight}
            for release, weight in weights.items()
        ],
    )


@asked("sagemaker.busy")
def a_change_is_refused_while_another_runs(place: Place) -> str:
    name = place.once(serving)
    weights = place.weights(name)
    weigh(place, name, weights)
    refused = refusal(lambda: weigh(place, name, weights))
    message = refused.response["Error"]["Message"]
    place.settle(name)
    assert "in-progress" in message, message
    return message[:160]


@asked("sagemaker.by-hand")
def a_write_by_hand_freezes(place: Place) -> str:
    name = place.once(trial)["name"]
    return freezes(place, name, lambda: weigh(place, name, {1: 0.75, 2: 0.25}))


@asked("sagemaker.rollback-time")
def a_rollback_takes_a_minute_or_two(place: Place) -> str:
    name = place.once(trial)["name"]
    began = place.clock.now()
    place.shop.ladle("rollback", name, "--yes")
    place.wait(name, lambda s: s.statuses.get(2) is ReleaseStatus.ROLLED_BACK and not s.intent)
    return f"{place.clock.now() - began:.0f} s from the wish to the write that is confirmed"


@asked("sagemaker.errors-metric")
def each_request_is_a_sample(place: Place) -> str:
    name = place.tried(place.once(serving), transform="raises.py", rollout=HALF, **ON_SAGEMAKER)
    with place.traffic(name):
        place.wait(name, lambda s: ReleaseStatus.ROLLED_BACK in list(s.statuses.values())[2:])
    metrics = place.session.cloudwatch.list_metrics(
        Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors"
    )["Metrics"]
    mine = [m for m in metrics if any(d["Value"] == names.endpoint(name) for d in m["Dimensions"])]
    assert mine, "no such metric"
    return f"{len(mine)} metrics; taken back after {took(place, name):.0f} s"


@asked("sagemaker.never-answers")
def what_never_answers_is_refused(place: Place) -> str:
    name = place.once(serving)
    place.write(name, transform="cannot_be_imported.py", rollout=HALF, **ON_SAGEMAKER)
    place.deploy(name, expect=(0, 1))
    state = place.wait(
        name, lambda s: s.handed_over and _status_of_newest(s) is ReleaseStatus.REFUSED
    )
    found = place.session.sagemaker.describe_endpoint(EndpointName=names.endpoint(name))
    assert found["EndpointStatus"] == "InService"
    said = [r.text for r in place.rows(name, RecordKind.REFUSED)]
    return f"{state.phase}: {said[-1]}"


def _status_of_newest(state: ReleaseState) -> ReleaseStatus:
    return state.statuses[max(state.statuses)]


@asked("sagemaker.permission-first")
def a_missing_permission_is_told_first(place: Place) -> str:
    action = "sagemaker:UpdateEndpointWeightsAndCapacities"
    return permission_first(place, place.once(serving), action, rollout=HALF, **ON_SAGEMAKER)


@asked("sagemaker.roles")
def no_role_lacks_anything(place: Place) -> str:
    return no_access_denied(place, place.once(serving))


def no_access_denied(place: Place, name: str) -> str:
    groups = [
        f"/aws/lambda/{names.handoff_function(name)}",
        f"/aws/lambda/{names.CONTROLLER_FUNCTION}",
    ]
    for group in groups:
        refused = place.logged(group, "AccessDenied")
        assert not refused, f"{group}: {refused[0][:200]}"
    return f"no AccessDenied in {', '.join(groups)}"


def gpu(place: Place) -> str:
    """A model on a machine with a GPU, in service."""
    name = place.named("gpu")
    place.write(name, compute="{gpu: 1, timeout_s: 5}", **ON_SAGEMAKER)
    place.deploy(name)
    waiter = place.session.sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=names.endpoint(name))
    return name


@asked("sagemaker.gpu-disk", needs=Needs.GPU)
def its_disk_takes_a_key(place: Place) -> str:
    place.once(gpu)
    return "the endpoint with KmsKeyId came in service"


@asked("sagemaker.gpu-cuda", needs=Needs.GPU)
def its_machine_runs_cuda(place: Place) -> str:
    name = place.once(gpu)
    lines = place.logged(names.endpoint_log_group(name), "LD424")
    assert not lines, lines[0]
    assert place.ask(name)[0] == 200
    place.shop.ladle("destroy", name, "--yes")
    return "it answered, and no LD424 in its log"


@asked("sagemaker.templates")
def nothing_is_left(place: Place) -> str:
    name = place.once(serving)
    place.shop.ladle("destroy", name, "--yes")
    client = place.session.sagemaker
    left = [
        *(m["ModelName"] for m in client.list_models(NameContains=name)["Models"]),
        *(
            c["EndpointConfigName"]
            for c in client.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
        ),
        *(e["EndpointName"] for e in client.list_endpoints(NameContains=name)["Endpoints"]),
    ]
    assert not left, left
    return "deployed and destroyed; no endpoint, config or model is left"
