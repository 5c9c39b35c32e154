"""``ladle dev`` serves what would be deployed, follows every edit, and leaves nothing running."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import ladle
from ladle.errors import LadleError, Unavailable
from ladle.tools.processes import free_port, port_taken

LADLE = [sys.executable, "-m", "ladle"]
CONFIG = "name: flowers\nmodel: model.onnx\ntype: classification\n"


@dataclass
class Dev:
    """A running ``ladle dev`` and what it says."""

    process: subprocess.Popen[str]
    port: int
    said: queue.Queue[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, text: str) -> str:
        """The next line that holds ``text``. Raises queue.Empty after half a minute."""
        while True:
            line = self.said.get(timeout=30)
            if text in line:
                return line


def start(repository: Path, port: int, *options: str) -> Dev:
    # A test run in the background ignores Ctrl-C, and its children would inherit that.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*LADLE, "dev", "--port", str(port), *options],
        cwd=repository,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, heard)
    said: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for line in process.stderr or ():
            said.put(line)

    threading.Thread(target=listen, daemon=True).start()
    return Dev(process, port, said)


def make_repository(folder: Path, model_file: Path) -> Path:
    package = folder / "model_packages" / "flowers"
    package.mkdir(parents=True)
    (package / "model.yaml").write_text(CONFIG)
    (package / "model.onnx").write_bytes(model_file.read_bytes())
    return folder


@contextmanager
def running_in(repository: Path, *options: str) -> Iterator[Dev]:
    running = start(repository, free_port(), *options)
    try:
        running.wait_for("release 0")
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        if running.process.stderr:
            running.process.stderr.close()


@pytest.fixture
def repository(tmp_path: Path, model_file: Path) -> Path:
    return make_repository(tmp_path, model_file)


@pytest.fixture
def dev(repository: Path) -> Iterator[Dev]:
    """For a test that changes or ends it."""
    with running_in(repository) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, model_file: Path) -> Iterator[Dev]:
    """For tests that only ask."""
    with running_in(make_repository(tmp_path_factory.mktemp("shared"), model_file)) as running:
        yield running


def test_an_edit_is_served_and_a_broken_edit_is_not(dev: Dev, repository: Path) -> None:
    client = ladle.Client("flowers", dev.url)
    package = repository / "model_packages" / "flowers"
    before = client.predict([[1, 2, 3, 4]])
    assert (before.predictions[0]["label"], before.release) == (2, 0)

    (package / "model.yaml").write_text(CONFIG + "nonsense: 1\n")
    dev.wait_for("still serving")
    assert client.predict([[1, 2, 3, 4]]).predictions == before.predictions

    (package / "transform.py").write_text(
        "def after(outputs):\n    return {'label': ['changed']}\n"
    )
    (package / "model.yaml").write_text(CONFIG + "transform: transform.py\n")
    dev.wait_for("starting again")
    dev.wait_for("release 0")
    assert client.predict([[1, 2, 3, 4]]).predictions == [{"label": "changed"}]


def test_all_models_stand_behind_one_server(repository: Path, model_file: Path) -> None:
    other = repository / "model_packages" / "trees"
    other.mkdir()
    (other / "model.yaml").write_text(CONFIG.replace("flowers", "trees"))
    (other / "model.onnx").write_bytes(model_file.read_bytes())
    tensor = {"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}
    with running_in(repository, "--all") as dev:
        for model in ("flowers", "trees"):
            url = f"{dev.url}/v2/models/{model}/infer"
            with urllib.request.urlopen(url, json.dumps({"inputs": [tensor]}).encode()) as answer:
                assert json.load(answer)["model_name"] == model


def test_ctrl_c_ends_it_and_leaves_nothing(dev: Dev) -> None:
    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(15) == 130
    assert not port_taken(dev.port)


def test_even_a_killed_one_leaves_nothing(dev: Dev) -> None:
    dev.process.kill()
    dev.process.wait()
    gone = threading.Event()
    for _ in range(100):
        if not port_taken(dev.port):
            gone.set()
            break
        gone.wait(0.1)
    assert gone.is_set()


def test_a_taken_port_is_said_with_its_mend(shared: Dev, repository: Path) -> None:
    second = start(repository, shared.port)
    assert "LD707" in second.wait_for("LD707")
    assert second.process.wait(15) == 1
    if second.process.stderr:
        second.process.stderr.close()


def test_an_unreadable_model_is_refused_before_it_is_served(repository: Path) -> None:
    (repository / "model_packages" / "flowers" / "model.onnx").write_bytes(os.urandom(500))
    done = subprocess.run(
        [*LADLE, "dev", "--port", str(free_port())],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("LD3")
    assert "help:" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_predicts_and_labels(shared: Dev) -> None:
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [*LADLE, *arguments, "--url", shared.url]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    asked = run("predict", "flowers", "--file", "-", "--json", stdin='{"inputs": [[1, 2, 3, 4]]}')
    answer = json.loads(asked.stdout)
    assert (asked.returncode, answer["schema"], answer["predictions"][0]["label"]) == (0, 1, 2)

    id_ = answer["prediction_ids"][0]
    told = run("feedback", "flowers", "--id", id_, "--label", "2", "--json")
    assert (told.returncode, json.loads(told.stdout)["accepted"]) == (0, 1)

    refused = run("predict", "flowers", "--inputs", "[[1]]")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("LD413 ")
    assert run("predict", "flowers", "--inputs", "[[1").returncode == 2
    assert run("feedback", "flowers", "--id", "a", "--id", "b", "--label", "1").returncode == 2


def test_a_file_of_labels_is_sent_and_what_is_refused_is_counted_by_reason(
    shared: Dev, tmp_path: Path
) -> None:
    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*LADLE, "feedback", "flowers", *arguments, "--url", shared.url]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    ids = ladle.Client("flowers", shared.url).predict([[1, 2, 3, 4]] * 3).prediction_ids
    file = tmp_path / "labels.csv"
    file.write_text("prediction_id,label\n" + "".join(f"{id_},2\n" for id_ in ids) + "no id,2\n")
    told = send("--file", str(file), "--json")
    answer = json.loads(told.stdout)
    assert (told.returncode, answer["rows"], answer["accepted"]) == (1, 4, 3)
    assert answer["refused"] == {"LD602": 1}
    assert "4 rows: 3 accepted, 0 known, 0 waiting, 1 refused" in send("--file", str(file)).stdout
    missing = send("--file", str(tmp_path / "none.csv"))
    assert missing.returncode != 0
    assert "LD616 " in missing.stderr
    assert "stopped after" not in missing.stderr
    assert send().returncode == 2
    assert send("--file", str(file), "--id", "a", "--label", "1").returncode == 2


def test_the_client_gives_the_model_s_own_code(shared: Dev) -> None:
    client = ladle.Client("flowers", shared.url)
    with pytest.raises(LadleError) as error:
        client.predict([["text", 1, 1, 1]])
    assert error.value.code == "LD412"


def test_the_client_says_who_does_not_answer() -> None:
    client = ladle.Client("flowers", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable) as error:
        client.predict([[1]])
    assert error.value.code == "LD432"
