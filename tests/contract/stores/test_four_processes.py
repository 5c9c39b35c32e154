"""Real processes that record into one store at the same moment, while a fifth collects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.stores.conftest import BUCKET, TABLE

from ladle.actions.verify_store import verify_store
from ladle.ports import Workspace

WRITERS, RUNS = 4, 5
WRITER = """
import sys
from pathlib import Path
from dataclasses import replace
from ladle.actions.collect_garbage import collect
from ladle.disk.clock import SystemClock
from ladle.disk.workspace import disk_workspace
from ladle.errors import LadleError
from ladle.experiments.garbage import CollectPolicy
from ladle.testing.laboratory import Laboratory

store, home, name, endpoint, bucket, table, runs = sys.argv[1:]
workspace = disk_workspace(Path(store), "contract")
if endpoint:
    from ladle.aws.manifest_store import DynamoManifestStore
    from ladle.aws.object_store import S3ObjectStore
    from ladle.aws.session import AwsSession
    from ladle.aws.upkeep import DynamoUpkeep
    aws = AwsSession("us-east-1", endpoint, embedded=True)
    workspace = replace(
        workspace,
        objects=S3ObjectStore(aws.s3, bucket),
        manifests=DynamoManifestStore(aws.dynamodb, table),
        upkeep=DynamoUpkeep(aws.dynamodb, table),
    )
lab = Laboratory(workspace, Path(home), SystemClock())
for run in range(int(runs)):
    if name == "collector":
        try:
            collect(workspace, CollectPolicy(), lab.clock, name)
        except LadleError as error:
            assert error.code == "LD362", error
        continue
    lab.write({"shared.csv": b"the same for all", "own.csv": f"{name} {run}".encode()})
    print(lab.record("fraud", "shared.csv", "own.csv", weights=f"{name}-{run}".encode()).manifest.id)
"""


@pytest.fixture(params=["disk", pytest.param("ministack", marks=pytest.mark.embedded)])
def adapter(request: pytest.FixtureRequest) -> str:
    """Processes cannot share what moto keeps in one of them."""
    return str(request.param)


def start(name: str, where: list[str], home: Path) -> subprocess.Popen[str]:
    arguments = [where[0], str(home / name), name, *where[1:], str(RUNS)]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_every_commit_of_four_processes_is_in_an_intact_chain(
    workspace: Workspace, adapter: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    endpoint = "" if adapter == "disk" else request.getfixturevalue("ministack_endpoint")
    where = [str(tmp_path), endpoint, BUCKET, TABLE]
    names_ = [f"writer-{n}" for n in range(WRITERS)]
    running = [start(name, where, tmp_path / "homes") for name in [*names_, "collector"]]
    outputs = [process.communicate(timeout=50)[0] for process in running]
    assert [process.returncode for process in running] == [0] * (WRITERS + 1)
    told = {line for output in outputs for line in output.split()}
    chain = workspace.manifests.chain("fraud")
    assert {link.id for link in chain.links} == told
    assert [link.sequence for link in chain.links] == list(range(1, WRITERS * RUNS + 1))
    report = verify_store(workspace, deep=True)
    assert report.problems == ()
