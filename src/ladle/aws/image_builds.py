"""An image is built by the platform's CodeBuild project, from one zip, under the tag that the CDK gave it."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ladle import names
from ladle.aws.faults import asking
from ladle.errors import LadleError
from ladle.ports import Clock, ImageSource

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

POLL_S = 5.0
TAIL_LINES = 20
# CodeBuild's own images with Docker; the project names the one for x86_64.
_ARM64: Mapping[str, Any] = {
    "environmentTypeOverride": "ARM_CONTAINER",
    "imageOverride": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
}
_LAST_CHANGE = (1980, 1, 1, 0, 0, 0)  # an equal folder is an equal zip


class CodeBuildClient(Protocol):
    """What of boto3's ``codebuild`` is asked."""

    def batch_get_projects(self, *, names: list[str]) -> Any: ...

    def start_build(self, **asked: Any) -> Any: ...

    def batch_get_builds(self, *, ids: list[str]) -> Any: ...


class CodeBuildImages:
    """The ImageBuilder of an account; ``make_project`` is called when it has no project yet."""

    def __init__(
        self,
        client: CodeBuildClient,
        s3: S3Client,
        logs: CloudWatchLogsClient,
        store: str,
        repository: str,
        clock: Clock,
        make_project: Callable[[], None],
    ) -> None:
        self._client, self._s3, self._logs = client, s3, logs
        self._store, self._repository = store, repository
        self._clock, self._make_project = clock, make_project

    def build(self, source: ImageSource) -> None:
        if not self._has_project():
            self._make_project()
        key = names.build_key(source.tag)
        with asking(f"to build the image {source.tag[:12]}"):
            with tempfile.TemporaryDirectory(prefix="ladle-") as folder:
                packed = _zipped(source.folder, Path(folder) / "source.zip")
                with packed.open("rb") as content:  # by its path, boto3 hides what AWS refused
                    self._s3.upload_fileobj(content, self._store, key)
            build = self._finished(self._start(source, key))
            self._s3.delete_object(Bucket=self._store, Key=key)
        if build["buildStatus"] != "SUCCEEDED":
            said = "\n".join(self._tail(build.get("logs", {})))
            raise LadleError(
                "LD263",
                f"CodeBuild could not build the image {source.tag[:12]}: {build['buildStatus']}\n{said}",
                "mend what its last lines name, then deploy again; the whole log is "
                f"{names.BUILD_LOG} of CloudWatch Logs",
            )

    def _has_project(self) -> bool:
        with asking("for the project that builds images"):
            found = self._client.batch_get_projects(names=[names.BUILD_PROJECT])
        return bool(found["projects"])

    def _start(self, source: ImageSource, key: str) -> str:
        registry = self._repository.partition("/")[0]
        arguments = (f"--build-arg {k}={v}" for k, v in sorted(source.arguments.items()))
        variables = {
            "IMAGE": f"{self._repository}:{source.tag}",
            "REGISTRY": registry,
            "PLATFORM": source.platform or "linux/amd64",
            "ARGUMENTS": " ".join(arguments),
        }
        started = self._client.start_build(
            projectName=names.BUILD_PROJECT,
            sourceTypeOverride="S3",
            sourceLocationOverride=f"{self._store}/{key}",
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"}
                for name, value in variables.items()
            ],
            **(_ARM64 if source.platform.endswith("arm64") else {}),
        )
        return str(started["build"]["id"])

    def _finished(self, build_id: str) -> Mapping[str, Any]:
        """CodeBuild itself ends a build that takes an hour."""
        while True:
            [build] = self._client.batch_get_builds(ids=[build_id])["builds"]
            if build["buildStatus"] != "IN_PROGRESS":
                found: Mapping[str, Any] = build
                return found
            self._clock.sleep(POLL_S)

    def _tail(self, log: Mapping[str, Any]) -> Iterator[str]:
        if "groupName" not in log or "streamName" not in log:
            return
        with asking("what the build said"):
            events = self._logs.get_log_events(
                logGroupName=log["groupName"],
                logStreamName=log["streamName"],
                limit=TAIL_LINES,
                startFromHead=False,
            )["events"]
        yield from (str(event.get("message", "")).rstrip() for event in events)


def _zipped(folder: Path, to: Path) -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LAST_CHANGE)
            entry.external_attr = path.stat().st_mode << 16
            with path.open("rb") as content, archive.open(entry, "w", force_zip64=True) as copy:
                while chunk := content.read(1 << 20):
                    copy.write(chunk)
    return to
