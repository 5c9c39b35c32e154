"""A strict double of what SageMaker does with a job: moto keeps the job, this runs it as a process.

It does no more than the service promises: channels by prefix, an entry point, /opt/ml, one tarball.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends

from ladle.aws.session import AwsSession
from ladle.tools.processes import inherited


@dataclass
class JobRunner:
    """Runs the newest job of ``session`` when told; ``machine`` is where its ``/opt/ml`` lies."""

    session: AwsSession
    machine: Path
    stopped: bool = False
    printed: bytes = b""
    seen_inputs: dict[str, bytes] = field(default_factory=dict)
    pretend_version: str | None = None  # of the Ladle that was sent

    refuses_with: str | None = None  # the code of SageMaker's answer to CreateTrainingJob

    def __post_init__(self) -> None:
        events = self.session.sagemaker.meta.events
        events.register("before-call.sagemaker.CreateTrainingJob", self._refuse)
        events.register("after-call.sagemaker.CreateTrainingJob", self._created)
        events.register("before-call.sagemaker.StopTrainingJob", self._stop)

    @property
    def job(self) -> Any:
        return next(iter(self._jobs.values()))

    @property
    def _jobs(self) -> Any:
        return sagemaker_backends[DEFAULT_ACCOUNT_ID][self.session.region].training_jobs

    def _refuse(self, **_: object) -> tuple[Any, dict[str, Any]] | None:
        """moto takes any role, machine and image."""
        if self.refuses_with is None:
            return None
        error = {"Code": self.refuses_with, "Message": "Could not assume role"}
        return SimpleNamespace(status_code=400), {"Error": error}

    def _created(self, **_: object) -> None:
        if not self._jobs:
            return
        self.job.training_job_status = "InProgress"  # moto says Completed at once
        self.job.secondary_status = "Starting"

    def _stop(self, **_: object) -> tuple[Any, dict[str, Any]]:
        """moto has no StopTrainingJob."""
        self.stopped = True
        return SimpleNamespace(status_code=200), {}

    def run(self, keep_output: bool = True) -> None:
        """To its end; without ``keep_output`` the machine is lost before it could upload."""
        self._bring_inputs()
        status = self._execute()
        if keep_output:
            self.take_output()
        self.log(self.printed.decode())
        ended = "Completed" if status == 0 else "Failed"
        self.job.training_job_status = "Stopped" if self.stopped else ended
        failure = self.machine / "output" / "failure"
        if failure.exists():
            self.job.failure_reason = f"AlgorithmError: {failure.read_text()}"

    def log(self, text: str) -> None:
        logs, group = self.session.logs, "/aws/sagemaker/TrainingJobs"
        stream = f"{self.job.training_job_name}/algo-1-1"
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        at = int(self.job.creation_time.timestamp() * 1000)
        events = [
            {"timestamp": at + n, "message": line} for n, line in enumerate(text.splitlines())
        ]
        if events:
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]

    def _bring_inputs(self) -> None:
        for channel in self.job.input_data_config:
            where = channel["DataSource"]["S3DataSource"]["S3Uri"].removeprefix("s3://")
            bucket, _, prefix = where.partition("/")
            folder = self.machine / "input" / "data" / channel["ChannelName"]
            folder.mkdir(parents=True)
            for row in self.session.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
                body = self.session.s3.get_object(Bucket=bucket, Key=row["Key"])["Body"].read()
                (folder / row["Key"].removeprefix(prefix)).write_bytes(body)
                self.seen_inputs[channel["ChannelName"]] = body

        if self.pretend_version:
            job = self.machine / "input" / "data" / "job" / "job.json"
            told = json.loads(job.read_text())
            job.write_text(json.dumps({**told, "version": self.pretend_version}))

    def _execute(self) -> int:
        for name in ("output/data", "model"):
            (self.machine / name).mkdir(parents=True)
        words = self.job.algorithm_specification["ContainerEntrypoint"]
        words = [str(self.machine) + w.removeprefix("/opt/ml") if "/" in w else w for w in words]
        image = {  # whose python3 is ours, and whose pip reaches nothing
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited()["PATH"]]),
            "PIP_NO_INDEX": "1",
            "PIP_TARGET": str(self.machine / "site"),
        }
        done = subprocess.Popen(
            [shutil.which(words[0], path=image["PATH"]) or words[0], *words[1:]],
            cwd=self.machine,
            env=inherited(image),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if self.stopped and done.stdout:
            self.printed = done.stdout.readline()  # the command has begun
            done.send_signal(signal.SIGTERM)
        self.printed += done.communicate()[0]
        return done.returncode

    def take_output(self) -> None:
        """Also for a job that failed or was stopped."""
        archive = self.machine / "output.tar.gz"
        with tarfile.open(archive, "w:gz") as files:
            files.add(self.machine / "output" / "data", "")
        target = self.job.output_data_config["S3OutputPath"].removeprefix("s3://")
        bucket, _, prefix = target.partition("/")
        key = f"{prefix}/{self.job.training_job_name}/output/output.tar.gz"
        self.session.s3.put_object(Bucket=bucket, Key=key, Body=archive.read_bytes())
