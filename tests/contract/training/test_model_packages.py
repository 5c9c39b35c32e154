"""A model of SageMaker's registry becomes a model package here, or is refused with what is in the way."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.contract.tools.shop import model
from tests.contract.training.conftest import BUCKET

from ladle.aws.model_package import fetch_model, region_of
from ladle.aws.session import AwsSession
from ladle.cli.init import init
from ladle.errors import LadleError


def archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as rows:
        for name, content in files.items():
            row = tarfile.TarInfo(name)
            row.size = len(content)
            rows.addfile(row, io.BytesIO(content))
    return packed.getvalue()


def registered(session: AwsSession, key: str, content: bytes | None, containers: int = 1) -> str:
    if content is not None:
        session.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    container: Any = {"Image": "1.dkr.ecr/onnx:1", "ModelDataUrl": f"s3://{BUCKET}/{key}"}
    made = session.sagemaker.create_model_package(
        ModelPackageName="churn",
        InferenceSpecification={
            "Containers": [container] * containers,
            "SupportedContentTypes": ["text/csv"],
        },
    )
    return made["ModelPackageArn"]


@pytest.mark.parametrize("key", ["m/model.tar.gz", "m/churn.onnx"])
def test_a_package_with_one_onnx_file_starts_a_model(
    session: AwsSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    key: str,
) -> None:
    files = {"1/model.onnx": model(), "code/inference.py": b"pass"}
    content = model() if key.endswith(".onnx") else archive(files)
    monkeypatch.chdir(tmp_path)
    init("churn", f"sagemaker:{registered(session, key, content)}")
    package = tmp_path / "model_packages" / "churn"
    assert (package / "model.onnx").read_bytes() == model()
    assert "type: generic" in (package / "model.yaml").read_text()
    told = capsys.readouterr().err
    assert "1.dkr.ecr/onnx:1 took text/csv" in told
    assert ("code/inference.py" in told) == key.endswith(".gz")


@pytest.mark.parametrize(
    ("content", "containers", "why"),
    [
        (archive({"model.joblib": b"\x80"}), 1, "0 ONNX files; it holds model.joblib"),
        (archive({"a.onnx": b"", "b.onnx": b""}), 1, "2 ONNX files"),
        (b"no archive", 1, "no archive that can be read"),
        (archive({}), 2, "2 containers"),
        (None, 1, "is gone"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_reason(
    session: AwsSession, tmp_path: Path, content: bytes | None, containers: int, why: str
) -> None:
    arn = registered(session, "m/model.tar.gz", content, containers)
    with pytest.raises(LadleError, match=f"LD398 .*{why}"):
        fetch_model(session.sagemaker, session.s3, arn, tmp_path)


def test_a_package_that_does_not_exist_is_told(session: AwsSession, tmp_path: Path) -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/none"
    with pytest.raises(LadleError, match="LD398"):
        fetch_model(session.sagemaker, session.s3, arn, tmp_path)


def test_what_is_no_arn_is_told() -> None:
    with pytest.raises(LadleError, match="LD398"):
        region_of("churn")
