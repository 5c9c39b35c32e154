"""A model package of SageMaker's registry gives its model file, or the reason why Ladle cannot serve it."""

from __future__ import annotations

import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import digest
from ladle.aws.faults import asking, code_of
from ladle.errors import LadleError, NotFound

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):\d{12}:model-package/[\w-]+(?:/\d+)?"
)
_OBJECT = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)")
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """``left`` are the other files of the package, which are not brought."""

    file: Path
    image: str
    content_types: tuple[str, ...]
    approval: str
    left: tuple[str, ...]


def region_of(arn: str) -> str:
    """Raises LD398 for what is no model package's ARN."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise _refused(arn, "this is not the ARN of a model package")
    return found["region"]


def fetch_model(sagemaker: SageMakerClient, s3: S3Client, arn: str, to: Path) -> PackagedModel:
    """Its one ONNX file, in the folder ``to``. Raises LD398."""
    told = _described(sagemaker, arn)
    specified = told.get("InferenceSpecification", {})
    containers = specified.get("Containers", [])
    if len(containers) != 1:
        raise _refused(arn, f"it has {len(containers)} containers, and Ladle serves one model")
    url = _model_data(containers[0])
    if url is None:
        raise _refused(arn, "its container names no model data")
    file, left = _model_in(arn, _download(s3, arn, url, to), to)
    return PackagedModel(
        file,
        containers[0].get("Image", "none"),
        tuple(specified.get("SupportedContentTypes", ())),
        told.get("ModelApprovalStatus", "unknown"),
        left,
    )


def _described(sagemaker: SageMakerClient, arn: str) -> Any:
    with asking(f"for the model package {arn}"):
        try:
            return sagemaker.describe_model_package(ModelPackageName=arn)
        except ClientError as error:
            if (
                code_of(error) == "ValidationException"
            ):  # what SageMaker says of one that is not there
                raise _refused(arn, str(error.response["Error"]["Message"])) from error
            raise


def _model_data(container: Any) -> str | None:
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    url: str | None = container.get("ModelDataUrl") or source.get("S3Uri")
    return url


def _download(s3: S3Client, arn: str, url: str, to: Path) -> Path:
    place = _OBJECT.fullmatch(url)
    if place is None or place["key"].endswith("/"):
        raise _refused(arn, f"its model data is {url}, which is no single object in S3")
    with asking(f"for {url}"):
        try:
            body = s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"]
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise NotFound(
                    "LD398", f"{arn}: its model data {url} is gone", "register it again"
                ) from error
            raise
        file = to / place["key"].rpartition("/")[2]
        with file.open("wb") as copy:
            copy.writelines(body.iter_chunks(digest.CHUNK_BYTES))
    return file


def _model_in(arn: str, data: Path, to: Path) -> tuple[Path, tuple[str, ...]]:
    """Nothing is unpacked but the one file, under a name of our own."""
    if data.suffix == ".onnx":
        return data, ()
    try:
        with tarfile.open(data) as archive:
            files = [member for member in archive if member.isfile()]
            models = [m for m in files if m.name.endswith(".onnx")]
            if len(models) != 1:
                held = ", ".join(m.name for m in files[:_MOST_NAMED]) or "nothing"
                raise _refused(arn, f"it has {len(models)} ONNX files; it holds {held}")
            source = archive.extractfile(models[0])
            file = to / "model.onnx"
            with file.open("wb") as copy:
                if source is not None:
                    shutil.copyfileobj(source, copy)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _refused(arn, f"{data.name} is no archive that can be read: {error}") from error
    return file, tuple(m.name for m in files if m is not models[0])


def _refused(arn: str, why: str) -> LadleError:
    return LadleError(
        "LD398",
        f"{arn}: {why}",
        "export the model to ONNX where it was trained (ladle.to_onnx, torch.onnx), then name that "
        "file: ladle init NAME --from model.onnx",
    )
