"""A serving process knows what its environment says, and refuses to guess the rest."""

from __future__ import annotations

import json

import pytest

from ladle.errors import LadleError
from ladle.planning.serving_environment import backend_of, inference_threads
from ladle_runtime.serving.settings import Bundle, Settings

SPEC = {"type": "regression", "backend": "onnx", "key": "$.label", "window_s": 2.5, "threads": 2}
BUNDLE = {
    "LADLE_MODEL": "prices",
    "LADLE_SPEC": json.dumps(SPEC),
    "LADLE_BUNDLE_BUCKET": "store",
    "LADLE_BUNDLE_KEY": "release/prices/ab/model.onnx",
    "LADLE_BUNDLE_VERSION": "v1",
    "LADLE_BUNDLE_SHA256": "00" * 32,
    "LADLE_LOG_KEY": "ff",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t",
}


def test_the_model_is_a_bundle_of_the_store_by_exact_version() -> None:
    settings = Settings.from_environment({**BUNDLE, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert isinstance(settings.model_at, Bundle)
    assert (settings.model_at.version, settings.model_at.endpoint) == ("v1", "http://127.0.0.1:1")
    assert (settings.window_s, settings.threads) == (2.5, 2)


def test_the_endpoint_of_s3_goes_before_the_one_of_all_services() -> None:
    both = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2"}
    settings = Settings.from_environment({**BUNDLE, **both})
    assert isinstance(settings.model_at, Bundle)
    assert settings.model_at.endpoint == "http://127.0.0.1:2"


def test_a_model_file_stands_in_for_the_bundle() -> None:
    without = {k: v for k, v in BUNDLE.items() if "BUNDLE" not in k}
    settings = Settings.from_environment({**without, "LADLE_MODEL_FILE": "model.onnx"})
    assert settings.model_at == "model.onnx"


@pytest.mark.parametrize(("version", "release"), [("7", 7), ("$LATEST", 0), ("", 0), (None, 0)])
def test_the_release_is_the_published_version(version: str | None, release: int) -> None:
    told = {} if version is None else {"AWS_LAMBDA_FUNCTION_VERSION": version}
    assert Settings.from_environment({**BUNDLE, **told}).release == release


@pytest.mark.parametrize(("version", "release"), [("1", 9), ("12", 20), ("$LATEST", 0)])
def test_the_releases_of_a_model_that_moved_go_on_from_those_before(
    version: str, release: int
) -> None:
    told = {"AWS_LAMBDA_FUNCTION_VERSION": version, "LADLE_BASE": "8"}
    assert Settings.from_environment({**BUNDLE, **told}).release == release


def test_a_number_that_the_ledger_gave_is_the_release() -> None:
    told = {"LADLE_RELEASE": "9", "LADLE_BASE": "8"}
    assert Settings.from_environment({**BUNDLE, **told}).release == 9


@pytest.mark.parametrize("name", [n for n in BUNDLE if n != "LADLE_LOG_KEY"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(LadleError) as error:
        Settings.from_environment({k: v for k, v in BUNDLE.items() if k != name})
    assert error.value.code == "LD422"


def test_nothing_that_is_printed_holds_a_secret() -> None:
    shown = repr(Settings.from_environment(BUNDLE))
    assert "s3cr3t" not in shown
    assert "\\xff" not in shown


@pytest.mark.parametrize(
    ("memory_mb", "threads"), [(128, 1), (1769, 1), (3537, 1), (3538, 2), (10240, 5)]
)
def test_a_thread_for_each_whole_vcpu(memory_mb: int, threads: int) -> None:
    assert inference_threads(memory_mb) == threads


def test_the_ending_of_a_model_file_names_its_backend() -> None:
    assert backend_of("a/Model.ONNX") == "onnx"
    assert backend_of("model.pkl") is None
