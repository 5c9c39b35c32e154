"""A training job is an experiment like any other; moto keeps the job, a strict double runs it."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contract.tools.shop import SCRIPT, Shop
from tests.contract.training.conftest import BUCKET, FakeClock
from tests.contract.training.runner import JobRunner

from ladle.aws.session import AwsSession
from ladle.aws.training_jobs import SageMakerJobs
from ladle.cli.training_job import JobDesk, Machine
from ladle.digest import Digest
from ladle.errors import Corrupt, LadleError, NotFound, Unavailable
from ladle.experiments.manifest import RecordedExperiment

MACHINE = Machine("ml.m5.large", f"images/python@sha256:{'a' * 64}", "arn:aws:iam::1:role/train")
TRAIN = ["python3", "train.py"]
Newest = Callable[[], RecordedExperiment]


def start(desk: JobDesk, shop: Shop, argv: list[str] | None = None, *data: str) -> str:
    return desk.start("digits", argv or TRAIN, MACHINE, [Path(d) for d in data], shop.package)


def log_of(desk: JobDesk, recorded: RecordedExperiment) -> str:
    assert recorded.manifest.log
    with desk.sender.workspace.objects.open(Digest.parse(recorded.manifest.log)) as stream:
        return stream.read().decode()


def test_a_job_is_recorded_as_the_same_command_here_would_be(
    desk: JobDesk, shop: Shop, runner: JobRunner, clock: FakeClock, recorded: Newest
) -> None:
    (shop.package / "train.py").write_text(SCRIPT + "# an idea\n")
    name = start(desk, shop)
    (shop.package / "train.py").write_text("something else, while the job runs")
    clock.happens = [runner.run]
    assert desk.record("digits", name) == 0
    there = recorded().manifest
    (shop.package / "train.py").write_text(SCRIPT + "# an idea\n")
    done = shop.ladle("record", "digits", "--", sys.executable, "train.py")
    assert done.returncode == 0, done.stderr
    here = shop.newest().manifest
    assert there.outcome == "succeeded"
    assert (there.data, there.params, there.metrics) == (here.data, here.params, here.metrics)
    assert (there.artefact, there.code) == (here.artefact, here.code)
    assert there.environment.image == f"sha256:{'a' * 64}"
    assert log_of(desk, recorded()) == "training\n"


def test_its_log_is_shown_line_by_line_and_nothing_is_left_behind(
    desk: JobDesk,
    shop: Shop,
    runner: JobRunner,
    clock: FakeClock,
    session: AwsSession,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = start(desk, shop)
    clock.happens = [runner.run]
    desk.record("digits", name)
    assert capsys.readouterr().out == "training\n"
    listed = session.s3.list_object_versions(Bucket=BUCKET)
    assert "Versions" not in listed
    assert "DeleteMarkers" not in listed
    assert list((shop.root / ".ladle" / "jobs").iterdir()) == []
    assert shop.run("git", "worktree", "list").stdout.count("\n") == 1


def test_a_job_asks_for_one_machine_and_reads_only_its_own_files(
    desk: JobDesk, shop: Shop, runner: JobRunner
) -> None:
    name = start(desk, shop)
    assert runner.job.role_arn == MACHINE.role
    assert runner.job.resource_config["InstanceCount"] == 1
    assert runner.job.algorithm_specification["TrainingImage"] == MACHINE.image
    prefix = f"s3://{BUCKET}/training/{name}/input/"
    sources = [c["DataSource"]["S3DataSource"]["S3Uri"] for c in runner.job.input_data_config]
    assert len(sources) == 4
    assert all(source.startswith(prefix) for source in sources)


def test_what_git_does_not_bring_is_taken_along_by_name_and_secrets_are_not(
    desk: JobDesk, shop: Shop, runner: JobRunner, clock: FakeClock, recorded: Newest
) -> None:
    (shop.package / ".env").write_text("TOKEN=1")
    shop.run("git", "add", "--force", ".env")
    shop.run("git", "commit", "--quiet", "-m", "a mistake")
    big = shop.package / "big"
    big.mkdir()
    (big / "rows.csv").write_text("a\n1\n")
    (shop.package / "train.py").write_text(SCRIPT.replace('"train.csv"', '"big"'))
    name = start(desk, shop, TRAIN, "big")
    clock.happens = [runner.run]
    assert desk.record("digits", name) == 0
    (data,) = recorded().manifest.data
    assert (data.name, data.kind, data.files) == ("model_packages/digits/big", "folder", 1)
    with tarfile.open(fileobj=io.BytesIO(runner.seen_inputs["code"])) as code:
        assert not [n for n in code.getnames() if ".env" in n or ".git/" in n]


def test_a_script_that_fails_is_recorded_with_its_own_exit_status(
    desk: JobDesk, shop: Shop, runner: JobRunner, clock: FakeClock, recorded: Newest
) -> None:
    name = start(desk, shop, [*TRAIN, "--fail"])
    clock.happens = [runner.run]
    assert desk.record("digits", name) == 1
    manifest = recorded().manifest
    assert (manifest.outcome, manifest.exit_status) == ("failed", 1)
    assert manifest.code.argv == ("python", "train.py", "--fail")
    assert "ValueError: the data is empty" in log_of(desk, recorded())


def test_a_machine_that_is_lost_leaves_the_log_that_was_seen(
    desk: JobDesk,
    shop: Shop,
    runner: JobRunner,
    clock: FakeClock,
    recorded: Newest,
) -> None:
    name = start(desk, shop, [*TRAIN, "--fail"])
    clock.happens = [lambda: runner.run(keep_output=False)]
    assert desk.record("digits", name) == 1
    manifest = recorded().manifest
    assert (manifest.outcome, manifest.exit_status) == ("failed", None)
    assert manifest.environment.python == "unknown"
    assert "ValueError: the data is empty" in log_of(desk, recorded())


def test_ctrl_c_asks_the_job_to_stop_says_so_and_records_what_came_of_it(
    desk: JobDesk,
    shop: Shop,
    runner: JobRunner,
    clock: FakeClock,
    recorded: Newest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (shop.package / "wait.py").write_text(
        "import time\nprint('begun', flush=True)\ntime.sleep(60)\n"
    )

    def interrupt() -> None:
        raise KeyboardInterrupt

    name = start(desk, shop, ["python3", "wait.py"])
    clock.happens = [interrupt, runner.run]
    assert desk.record("digits", name) == 130
    assert runner.stopped
    assert f"asked {name} to stop" in capsys.readouterr().err
    manifest = recorded().manifest
    assert (manifest.outcome, manifest.exit_status) == ("failed", 143)
    assert log_of(desk, recorded()) == "begun\n"


def test_a_job_whose_command_died_is_taken_up_by_its_name_and_recorded_once(
    desk: JobDesk, shop: Shop, runner: JobRunner, clock: FakeClock, recorded: Newest
) -> None:
    def die() -> None:
        raise SystemError("the laptop was closed")

    name = start(desk, shop)
    clock.happens = [die]
    with pytest.raises(SystemError):
        desk.record("digits", name)
    runner.run()
    assert desk.record("digits", name) == 0
    assert recorded().sequence == 1
    with pytest.raises(NotFound, match="LD256"):
        desk.record("digits", name)
    assert recorded().sequence == 1


def test_a_job_that_was_killed_before_it_said_how_it_ended_leaves_its_log(
    desk: JobDesk, shop: Shop, runner: JobRunner, clock: FakeClock, recorded: Newest
) -> None:
    def killed() -> None:
        runner.run()
        (runner.machine / "output" / "data" / "run" / "status.json").unlink()
        runner.take_output()
        runner.job.training_job_status = "Stopped"

    name = start(desk, shop)
    clock.happens = [killed]
    assert desk.record("digits", name) == 1
    manifest = recorded().manifest
    assert (manifest.outcome, manifest.data, manifest.artefact) == ("failed", (), None)
    assert log_of(desk, recorded()) == "training\n"


def test_an_output_that_was_altered_is_refused_and_nothing_is_recorded(
    desk: JobDesk,
    shop: Shop,
    runner: JobRunner,
    clock: FakeClock,
    session: AwsSession,
    tmp_path: Path,
) -> None:
    def alter() -> None:
        runner.run()
        objects = runner.machine / "output" / "data" / "run" / "objects"
        largest = max((p for p in objects.rglob("*") if p.is_file()), key=os.path.getsize)
        largest.chmod(0o644)
        largest.write_bytes(b"another model")
        runner.take_output()

    name = start(desk, shop)
    clock.happens = [alter]
    with pytest.raises(Corrupt, match="LD258"):
        desk.record("digits", name)
    assert desk.sender.workspace.manifests.head("digits") is None


def test_an_image_with_another_ladle_and_no_index_is_told(
    desk: JobDesk,
    shop: Shop,
    runner: JobRunner,
    clock: FakeClock,
    recorded: Newest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runner.pretend_version = "9.9"
    name = start(desk, shop)
    clock.happens = [runner.run]
    assert desk.record("digits", name) == 127
    assert "Ladle could not be installed in the image" in capsys.readouterr().err
    assert recorded().manifest.outcome == "failed"


def test_a_job_that_sagemaker_refuses_leaves_nothing(
    desk: JobDesk, shop: Shop, runner: JobRunner, session: AwsSession
) -> None:
    runner.refuses_with = "ValidationException"
    with pytest.raises(LadleError, match="Could not assume role"):
        start(desk, shop)
    assert list((shop.root / ".ladle" / "jobs").iterdir()) == []
    assert "Versions" not in session.s3.list_object_versions(Bucket=BUCKET)


def test_a_job_whose_start_was_not_answered_is_kept_and_its_name_told(
    desk: JobDesk, shop: Shop, runner: JobRunner, capsys: pytest.CaptureFixture[str]
) -> None:
    runner.refuses_with = "ThrottlingException"
    with pytest.raises(Unavailable):
        start(desk, shop)
    (kept,) = (shop.root / ".ladle" / "jobs").iterdir()
    assert f"--job {kept.name} takes it up" in capsys.readouterr().err


def test_a_tree_without_a_commit_is_not_sent_and_leaves_nothing(
    desk: JobDesk, shop: Shop, runner: JobRunner, session: AwsSession
) -> None:
    shop.run("git", "update-ref", "-d", "HEAD", cwd=shop.root)
    with pytest.raises(LadleError, match="LD396"):
        start(desk, shop)
    assert list((shop.root / ".ladle" / "jobs").iterdir()) == []
    assert "Contents" not in session.s3.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("path", ["nowhere", "../../..", "/"])
def test_data_outside_of_the_repository_is_not_taken_along(
    desk: JobDesk, shop: Shop, path: str
) -> None:
    with pytest.raises(NotFound, match="LD397"):
        start(desk, shop, TRAIN, path)


def test_a_job_that_does_not_exist_is_told(jobs: SageMakerJobs) -> None:
    with pytest.raises(NotFound, match="LD256"):
        jobs.report("ladle-digits-none")
