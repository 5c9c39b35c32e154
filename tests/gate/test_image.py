"""The image tests of tests/story, none of them skipped: on the engine that answers, or on our own.

The base images that the Dockerfiles name are used where the engine has them or can pull them;
stand-ins are made otherwise, and the output says which it was.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.story.image import engine

from ladle.catalog import Target
from ladle.config.schema import ModelConfig
from ladle.project.function_code import dockerfile

pytestmark = pytest.mark.gate

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[list[str]]:
    """What to put before a command so that it finds the engine."""
    if engine.no_engine() is None:
        yield []
        return
    with own_engine(root / ".ladle" / "engine") as host:
        yield ["env", f"DOCKER_HOST={host}"]


@contextmanager
def own_engine(data: Path) -> Iterator[str]:
    """A dockerd for as long as the block lasts; it gives containers no network of their own."""
    program = shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin")
    if program is None:
        pytest.skip("no Docker engine answers, and there is no dockerd to start")
    data.mkdir(parents=True, exist_ok=True)
    # The sockets' paths have a hundred characters at most, so they lie apart from the data.
    with tempfile.TemporaryDirectory() as sockets, (data / "log").open("wb") as log:
        host = f"unix://{sockets}/engine.sock"
        started = subprocess.Popen(
            [
                program,
                *("--iptables=false", "--ip6tables=false", "--bridge=none"),
                f"--data-root={data / 'data'}",
                f"--exec-root={sockets}/exec",
                f"--pidfile={sockets}/pid",
                f"--host={host}",
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            if not answers(host, started):
                said = (data / "log").read_text(errors="replace").splitlines()[-3:]
                pytest.skip(f"dockerd may not run here: {' '.join(said)}")
            yield host
        finally:
            started.terminate()
            started.wait()
            for left in Path(sockets, "exec", "netns").glob("*"):  # it forgets to unmount these
                subprocess.run(["umount", left], check=False)


def answers(host: str, started: subprocess.Popen[bytes]) -> bool:
    too_late = time.monotonic() + PATIENCE_S
    while started.poll() is None and time.monotonic() < too_late:
        if succeeds("docker", "--host", host, "version"):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize(
    ("target", "tests"),
    [(Target.LAMBDA, "test_image.py"), (Target.ECS, "test_server_image.py")],
    ids=["function", "server"],
)
def test_the_image_is_built_and_run_and_no_part_of_it_is_skipped(
    target: Target,
    tests: str,
    address: list[str],
    root: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    python = ModelConfig.model_fields["python"].default  # and the demo's model says no other
    name = engine.base_of(dockerfile(target), python)
    with capfd.disabled():
        print()
        label = '--format={{index .Config.Labels "ladle.stand-in"}}'
        asked = (*address, "docker", "image", "inspect", label, name)
        is_theirs = succeeds(*asked) and not output(*asked)
        if not is_theirs and not succeeds(*address, "docker", "pull", "--quiet", name):
            subprocess.run([*address, root / "scripts/stand-in-base", python], check=True)
        print(f"on {name}, {output(*asked) or 'which is no stand-in'}")
        report = tmp_path / "report.xml"
        tested = subprocess.run(
            [
                *(*address, sys.executable, "-m", "pytest", "--quiet"),
                *("--timeout=0", f"--junitxml={report}", f"tests/story/{tests}"),
            ],
            cwd=root,
            check=False,
        )
    (suite,) = ET.parse(report).getroot()
    assert (tested.returncode, suite.get("skipped")) == (0, "0")
    assert int(suite.get("tests", "0")) > 0


def output(*command: str) -> str:
    return subprocess.check_output(command, text=True).strip()


def succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
