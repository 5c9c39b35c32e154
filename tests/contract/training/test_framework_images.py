"""Images of frameworks, by a double of the SDK's list, and by the SDK itself where it is installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from ladle.aws.framework_images import Retrieve, training_image
from ladle.errors import LadleError


def listing(framework: str, region: str, *, version: str, instance_type: str, **_: str) -> str:
    """As strict as the SDK: it knows one framework in three versions."""
    pythons = {"2.0": "py310", "2.6": "py312"}
    if framework != "pytorch" or version not in pythons:
        raise ValueError(f"Unsupported {framework} version: {version}.")
    kind = "gpu" if instance_type.startswith(("ml.g", "ml.p")) else "cpu"
    return f"1.dkr.ecr.{region}.amazonaws.com/pytorch-training:{version}-{kind}-{pythons[version]}"


def sdk() -> Retrieve:
    return listing


@pytest.mark.parametrize(
    ("instance", "tag"), [("ml.g5.xlarge", "2.6-gpu-py312"), ("ml.m5.large", "2.6-cpu-py312")]
)
def test_framework_and_version_become_the_image_of_region_and_machine(
    instance: str, tag: str
) -> None:
    found = training_image("pytorch:2.6", "eu-west-1", instance, sdk)
    assert found == f"1.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:{tag}"


@pytest.mark.parametrize("address", ["a/b:1", f"host/own@sha256:{'0' * 64}", "host:5000/own"])
def test_an_address_stays_as_it_is_and_needs_no_sdk(address: str) -> None:
    assert training_image(address, "eu-west-1", "ml.m5.large") == address


@pytest.mark.parametrize("named", ["pytorch:9.9", "nothing:1.0", "pytorch:2.0"])
def test_what_is_not_listed_or_has_an_old_python_is_told(named: str) -> None:
    with pytest.raises(LadleError, match="LD257"):
        training_image(named, "eu-west-1", "ml.m5.large", sdk)


@pytest.mark.skipif(
    find_spec("sagemaker") is not None, reason="needs that ladle[sagemaker] is absent"
)
def test_without_the_extra_it_is_named() -> None:
    with pytest.raises(LadleError) as told:
        training_image("pytorch:2.6", "eu-west-1", "ml.m5.large")
    assert told.value.code == "LD257"
    assert "ladle[sagemaker]" in told.value.finding.fix


@pytest.mark.skipif(find_spec("sagemaker") is None, reason="needs ladle[sagemaker]")
def test_the_sdk_itself_is_asked_as_it_wants_to_be() -> None:
    found = training_image("pytorch:2.6", "eu-west-1", "ml.g5.xlarge")
    assert found.endswith(".dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6-gpu-py312")
    with pytest.raises(LadleError, match="LD257"):
        training_image("pytorch:0.1", "eu-west-1", "ml.g5.xlarge")
