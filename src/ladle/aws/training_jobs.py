"""Training jobs of SageMaker; each job's files lie below its own name in the store's bucket."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from ladle import digest, names
from ladle.aws.faults import asking, code_of
from ladle.aws.object_store import LIMIT_BYTES
from ladle.errors import LadleError, NotFound
from ladle.ports import JobEnd, JobReport, JobRequest, LoggedLine

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

LONGEST_S = 24 * 3600  # also SageMaker's own bound where nobody says
_DISK_GB = 50
_INPUTS = "/opt/ml/input/data"  # SageMaker's own place; a channel is a folder in it
_ENDS = {"Completed": JobEnd.SUCCEEDED, "Failed": JobEnd.FAILED, "Stopped": JobEnd.STOPPED}
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


class SageMakerJobs:
    """The TrainingJobs of an AWS account."""

    def __init__(
        self, sagemaker: SageMakerClient, s3: S3Client, logs: CloudWatchLogsClient, bucket: str
    ) -> None:
        self._sagemaker, self._s3, self._logs = sagemaker, s3, logs
        self._bucket = bucket

    def start(self, request: JobRequest) -> None:
        channels = [self._channel(request.name, *row) for row in sorted(request.files.items())]
        entry = f"{_INPUTS}/entry/{request.files['entry'].name}"
        with asking(f"to start the training job {request.name}"):
            try:
                self._create(request, channels, entry)
            except ClientError as error:
                if code_of(error) != "ResourceInUse":  # our own first try, whose answer was lost
                    raise

    def _create(self, request: JobRequest, channels: list[Any], entry: str) -> None:
        self._sagemaker.create_training_job(
            TrainingJobName=request.name,
            AlgorithmSpecification={
                "TrainingImage": request.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python3", entry],
            },
            RoleArn=request.role,
            InputDataConfig=channels,
            OutputDataConfig={"S3OutputPath": f"s3://{self._bucket}/{names.TRAINING}"},
            ResourceConfig={
                "InstanceType": cast("Any", request.instance),
                "InstanceCount": 1,
                "VolumeSizeInGB": _DISK_GB,
            },
            StoppingCondition={"MaxRuntimeInSeconds": LONGEST_S},
            Tags=[{"Key": "ladle:job", "Value": request.name}],
        )

    def report(self, name: str) -> JobReport:
        with asking(f"for the training job {name}"):
            try:
                told = self._sagemaker.describe_training_job(TrainingJobName=name)
            except ClientError as error:
                if "not find" not in str(error):  # all of SageMaker's are ValidationException
                    raise
                raise NotFound(
                    "LD256",
                    f"this account and region has no training job {name}",
                    "check the name, AWS_PROFILE and LADLE_WORKSPACE",
                ) from error
        why = told.get("FailureReason") or told.get("SecondaryStatus", "")
        ended = _ENDS.get(told["TrainingJobStatus"])
        return JobReport(ended, why, told["CreationTime"].timestamp())

    def stop(self, name: str) -> None:
        if self.report(name).end is None:
            with asking(f"to stop the training job {name}"):
                self._sagemaker.stop_training_job(TrainingJobName=name)

    def lines(self, name: str, since: float) -> Iterator[LoggedLine]:
        with asking(f"for the log of {name}"):
            try:
                pages = self._logs.get_paginator("filter_log_events").paginate(
                    logGroupName=names.TRAINING_LOG_GROUP,
                    logStreamNamePrefix=f"{name}/",
                    startTime=int(since * 1000),
                )
                for event in (event for page in pages for event in page["events"]):
                    at, text = event["timestamp"] / 1000, event["message"].rstrip("\n")
                    yield LoggedLine(event["eventId"], at, event["logStreamName"], text)
            except self._logs.exceptions.ResourceNotFoundException:
                return  # the first job of an account makes the group

    def fetch_output(self, name: str, to: Path) -> bool:
        key = f"{names.training_files(name)}/output/output.tar.gz"
        with asking(f"for the output of {name}"):
            try:
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return False
                raise
            with to.open("wb") as file:
                file.writelines(body.iter_chunks(digest.CHUNK_BYTES))
        return True

    def forget(self, name: str) -> None:
        with asking(f"to remove the files of {name}"):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=f"{names.training_files(name)}/"
            )
            for page in pages:
                for row in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    self._s3.delete_object(
                        Bucket=self._bucket, Key=row["Key"], VersionId=row["VersionId"]
                    )

    def _channel(self, name: str, channel: str, file: Path) -> dict[str, Any]:
        """A channel's folder in the container has what lies below its prefix: this one file."""
        if file.stat().st_size > LIMIT_BYTES:
            raise LadleError(
                "LD315",
                f"the {channel} of this job has more bytes than one S3 upload takes (5 GB)",
                "let the script read it from where it is kept, and record it from there",
            )
        with file.open("rb") as stream:
            content, _ = digest.of_stream(stream)
            stream.seek(0)
            prefix = f"{names.training_files(name)}/input/{content.hex}/"
            with asking(f"to keep the {channel} of {name}"):
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=f"{prefix}{file.name}",
                    Body=stream,
                    ChecksumSHA256=base64.b64encode(bytes.fromhex(content.hex)).decode(),
                )
        source = {
            "S3DataType": "S3Prefix",
            "S3Uri": f"s3://{self._bucket}/{prefix}",
            "S3DataDistributionType": "FullyReplicated",
        }
        return {"ChannelName": channel, "DataSource": {"S3DataSource": source}}
