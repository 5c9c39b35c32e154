"""What a machine and an account have, judged; each failure has one thing to mend it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.planning.specs import spec_of

from ladle.catalog import Arch, Target
from ladle.planning import health
from ladle.planning.health import START_ENGINE, Health, State
from ladle.planning.quotas import QUOTAS, quotas
from ladle.planning.usage import Usage

USAGE = Usage(requests_per_s=1.0, answer_ms=100.0, peak_per_s=40.0)
MODELS = [(spec_of(), USAGE), (spec_of("name: churn\nmodel: m.onnx\ntype: generic\n"), USAGE)]


def state(found: Health) -> State:
    assert (found.mend is None) == (found.state is State.OK), "what is not well has its mend"
    return found.state


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (None, State.FAILURE),
        ("v16.20.0", State.FAILURE),
        ("v20.20.2", State.WARNING),
        ("v24.1.0", State.OK),
        ("what?", State.FAILURE),
    ],
)
def test_node_must_be_there_and_should_be_supported(version: str | None, expected: State) -> None:
    assert state(health.node(version)) is expected


def test_another_cdk_than_the_locked_one_is_worth_a_warning() -> None:
    assert state(health.cdk(None, "2.1")) is State.FAILURE
    assert state(health.cdk("2.0", "2.1")) is State.WARNING
    assert health.cdk("2.1", "2.1") == Health("CDK CLI", State.OK, "2.1")


def test_python_and_git_must_be_there() -> None:
    assert state(health.python((3, 10))) is State.FAILURE
    assert state(health.python((3, 14))) is State.OK
    assert state(health.git(None, False)) is State.FAILURE
    assert state(health.git("2.39", False)) is State.WARNING
    assert state(health.git("2.39", True)) is State.OK


def test_a_zip_needs_its_wheels_and_says_how_to_bring_them() -> None:
    assert state(health.wheels("fraud", None, Arch.ARM64)) is State.OK
    missing = health.wheels("fraud", "the onnx wheels are missing", Arch.ARM64)
    assert (state(missing), missing.mend) == (State.FAILURE, "scripts/setup --arm64")
    assert health.wheels("fraud", "missing", Arch.X86_64).mend == "scripts/setup"


def test_who_builds_elsewhere_needs_no_engine() -> None:
    assert state(health.engine(None, ["docker"], ["fraud"], elsewhere=True)) is State.OK


def test_only_a_function_has_to_start_in_time() -> None:
    slow = health.serving("fraud", 40.0, 100, 512, Target.ECS)
    assert (state(slow), slow.said) == (State.OK, "starts in 40.0 s, peak 100 MB of 512")


def test_containers_matter_only_where_a_model_is_packed_as_an_image() -> None:
    assert state(health.engine(None, [], [])) is State.OK
    assert state(health.engine("docker 28", [], ["fraud"])) is State.OK
    missing = health.engine(None, [], ["fraud"])
    assert state(missing) is State.FAILURE
    assert "fraud" in missing.said


@pytest.mark.parametrize("engine", START_ENGINE)
def test_an_engine_that_does_not_run_is_started_by_its_own_command(engine: str) -> None:
    assert health.engine(None, [engine], ["fraud"]).mend == START_ENGINE[engine]


def test_an_account_must_be_bootstrapped_by_a_cdk_of_today() -> None:
    for version, expected in ((None, State.FAILURE), (5, State.FAILURE), (21, State.OK)):
        assert state(health.bootstrap(version, "111122223333", "eu-west-1")) is expected
    mend = health.bootstrap(None, "111122223333", "eu-west-1").mend
    assert mend == "npx cdk bootstrap aws://111122223333/eu-west-1"


@pytest.mark.parametrize(
    ("row", "needed"), list(zip(QUOTAS, [2 * 40 * 0.1, 2 * 50.0, 3], strict=False))
)
def test_a_quota_must_hold_what_all_models_need(row: Any, needed: float) -> None:
    assert row.needed(MODELS) == needed
    assert state(health.quota(row, needed * 2, MODELS)) is State.OK
    assert state(health.quota(row, needed * 1.1, MODELS)) is State.WARNING
    assert state(health.quota(row, needed * 0.9, MODELS)) is State.FAILURE
    assert state(health.quota(row, None, MODELS)) is State.WARNING


def test_machines_and_tasks_have_quotas_of_their_own() -> None:
    on_ecs = "name: fraud\nmodel: model.onnx\ntype: classification\ntarget: ecs\n"
    usage = MODELS[0][1]
    tasks = [(spec_of(on_ecs), usage)]
    gpus = [(spec_of(on_ecs + "compute: {gpu: 1, min_instances: 3}\n"), usage)]
    vcpus = {row.what: (row.needed(tasks), row.needed(gpus), row.needed(MODELS)) for row in QUOTAS}
    assert vcpus["vCPUs of Fargate"] == (2 * 4, 0, 0)
    assert vcpus["vCPUs of machines with a GPU"] == (0, 2 * 3 * 4, 0)
    assert vcpus["concurrent function instances"][:2] == (0, 0)


def test_machines_of_endpoints_have_a_quota_for_each_type_of_which_a_new_account_has_none() -> None:
    def endpoint(keys: str) -> Any:
        text = f"name: fraud\nmodel: model.onnx\ntype: classification\n{keys}"
        return spec_of(text), MODELS[0][1]

    models = [
        endpoint("target: sagemaker\ncompute: {min_instances: 3}\n"),
        endpoint("target: sagemaker-async\n"),
        endpoint("target: sagemaker\ncompute: {gpu: 1}\n"),
        endpoint("target: sagemaker-serverless\ncompute: {max_instances: 4}\n"),
    ]
    named = {row.which: row for row in quotas(models) if row.service == "sagemaker"}
    assert {which: row.needed(models) for which, row in named.items()} == {
        "Maximum total concurrency that can be allocated across all serverless endpoints": 8,
        "ml.g4dn.xlarge for endpoint usage": 2,
        "ml.m5.large for endpoint usage": 2 * 3 + 2,
    }
    none = health.quota(named["ml.g4dn.xlarge for endpoint usage"], 0.0, models)
    assert state(none) is State.FAILURE
    assert (
        none.mend == "ask Service Quotas for 4 of SageMaker's 'ml.g4dn.xlarge for endpoint usage'"
    )


def test_a_model_must_fit_into_its_memory_and_should_start_in_time() -> None:
    assert state(health.serving("fraud", 1.0, 100, 512, Target.LAMBDA)) is State.OK
    assert state(health.serving("fraud", 11.0, 100, 512, Target.LAMBDA)) is State.WARNING
    assert state(health.serving("fraud", 1.0, 450, 512, Target.LAMBDA)) is State.WARNING
    tight = health.serving("fraud", 1.0, 600, 512, Target.LAMBDA)
    assert state(tight) is State.FAILURE
    assert tight.mend is not None
    assert "memory_mb: 832" in tight.mend


def test_what_is_reserved_is_needed_beside_what_must_be_left_to_all_others() -> None:
    kept = spec_of("name: fraud\nmodel: model.onnx\ntype: generic\ncompute: {reserved: 30}\n")
    usage = Usage(1.0, 100.0, 5.0)
    assert QUOTAS[0].needed([(kept, usage)]) == 30 + 100
