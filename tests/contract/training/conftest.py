"""May touch: the file system below tmp_path, Git, moto in this process, and processes of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from moto import mock_aws
from tests.contract.tools.shop import Shop, committed_shop
from tests.contract.training.runner import JobRunner

from ladle.aws.session import AwsSession
from ladle.aws.training_jobs import SageMakerJobs
from ladle.cli.training_job import JobDesk
from ladle.experiments.manifest import RecordedExperiment
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_sender

BUCKET = "ladle-store-123456789012-eu-west-1"


@dataclass
class FakeClock:
    """Whatever is to happen while somebody waits happens at the next sleep, in turn."""

    happens: list[Callable[[], None]] = field(default_factory=list)
    at: float = 1_790_000_000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        if self.happens:
            self.happens.pop(0)()


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        made = AwsSession("eu-west-1")
        made.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        made.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield made


@pytest.fixture
def runner(session: AwsSession, tmp_path: Path) -> JobRunner:
    return JobRunner(session, tmp_path / "ml")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return committed_shop(tmp_path / "shop", **{".gitignore": "big/\n.ladle/\n"})


@pytest.fixture
def jobs(session: AwsSession) -> SageMakerJobs:
    return SageMakerJobs(session.sagemaker, session.s3, session.logs, BUCKET)


@pytest.fixture
def desk(shop: Shop, jobs: SageMakerJobs, clock: FakeClock) -> JobDesk:
    sender = open_sender("dir:../store", shop.root, TransferProgress())
    return JobDesk(shop.root, jobs, sender, clock)


@pytest.fixture
def recorded(desk: JobDesk) -> Callable[[], RecordedExperiment]:
    def newest() -> RecordedExperiment:
        head = desk.sender.workspace.manifests.head("digits")
        assert head is not None
        return desk.sender.workspace.manifests.get(head)

    return newest
