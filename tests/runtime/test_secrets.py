"""A transform finds its secrets in its environment; nobody else ever sees one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from onnx import TensorProto, helper
from tests.runtime.test_fetch import StillClock

from ladle.errors import LadleError, Unavailable
from ladle.sigv4 import Credentials
from ladle_runtime.serving.secret_values import secret_values
from ladle_runtime.serving.settings import Secrets

HELD = {
    "prod/fraud": {"SecretString": json.dumps({"token": "s3cr3t", "port": 5432})},
    "bytes": {"SecretBinary": "AAAA"},
    "/prod/host": {"Parameter": {"Value": "db.example.com"}},
    "/prod/collector": {"Parameter": {"Value": "api-key=s3cr3t"}},
}


class Vault:
    """Both services on one port; ``script`` holds statuses of the answers to come, then what is held."""

    def __init__(self) -> None:
        self.script: list[int] = []
        self.asked: list[tuple[str, str, Any]] = []
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                scope = self.headers["authorization"].split("/")[3]
                vault.asked.append((self.headers["x-amz-target"], scope, asked))
                self._answer(asked)

            def _answer(self, asked: Any) -> None:
                held = HELD.get(asked.get("SecretId") or asked.get("Name"))
                status = vault.script.pop(0) if vault.script else 200 if held else 400
                refused = {"__type": "aws#AccessDeniedException", "Message": "said too much"}
                content = json.dumps(held if status == 200 else refused).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def values(self, **references: str) -> dict[str, str]:
        credentials = Credentials("AKID", "key", "token")
        secrets = Secrets(references, "eu-west-1", self.endpoint, credentials)
        return secret_values(secrets, StillClock())


@pytest.fixture
def vault() -> Iterator[Vault]:
    made = Vault()
    Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_field_of_a_secret_and_a_parameter_are_read_by_their_services(vault: Vault) -> None:
    found = vault.values(
        TOKEN="secretsmanager:prod/fraud#token",
        PORT="secretsmanager:prod/fraud#port",
        WHOLE="secretsmanager:prod/fraud",
        HOST="ssm:/prod/host",
    )
    assert found == {
        "TOKEN": "s3cr3t",
        "PORT": "5432",
        "WHOLE": HELD["prod/fraud"]["SecretString"],
        "HOST": "db.example.com",
    }
    targets = {(target, scope) for target, scope, _ in vault.asked}
    assert targets == {
        ("secretsmanager.GetSecretValue", "secretsmanager"),
        ("AmazonSSM.GetParameter", "ssm"),
    }


def test_a_secret_of_another_region_is_asked_for_there(vault: Vault) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:bytes"
    with pytest.raises(LadleError):
        vault.values(TOKEN=arn)
    assert vault.asked[0][2] == {"SecretId": arn}


def test_a_refusal_is_told_by_its_name_and_nothing_else_of_the_answer(vault: Vault) -> None:
    with pytest.raises(LadleError) as refused:
        vault.values(TOKEN="secretsmanager:unknown")
    assert "TOKEN could not be read: secretsmanager answered AccessDenied" in str(refused.value)
    assert "said too much" not in str(refused.value)


def test_what_may_be_better_a_moment_later_is_asked_twice(vault: Vault) -> None:
    vault.script = [503]
    assert vault.values(HOST="ssm:/prod/host") == {"HOST": "db.example.com"}
    vault.script = [503, 503]
    with pytest.raises(Unavailable, match="LD440"):
        vault.values(HOST="ssm:/prod/host")


@pytest.mark.parametrize("reference", ["secretsmanager:bytes", "secretsmanager:prod/fraud#none"])
def test_a_secret_that_is_not_what_was_named_stops_the_start(vault: Vault, reference: str) -> None:
    with pytest.raises(LadleError, match="LD441") as refused:
        vault.values(TOKEN=reference)
    assert "s3cr3t" not in str(refused.value)


def test_a_transform_finds_the_value_in_its_environment_and_no_line_holds_it(
    vault: Vault, tmp_path: Path
) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    transform = "import os\nN = len(os.environ['TOKEN'])\ndef before(inputs):\n    return {'x': inputs['x'] + N}\n"
    (tmp_path / "transform.py").write_text(transform)
    spec = {"type": "generic", "backend": "onnx", "key": "$.y[0]", "window_s": 60, "threads": 1}
    ask = "from ladle_runtime.serving.lambda_entry import handle; print(handle({'inputs': [[1.0]]}, None))"
    done = subprocess.run(
        [sys.executable, "-c", ask],
        env={
            "LADLE_MODEL": "same",
            "LADLE_MODEL_FILE": str(tmp_path / "model.onnx"),
            "LADLE_SPEC": json.dumps({**spec, "transform": "transform.py"}),
            "LADLE_SECRETS": json.dumps({"TOKEN": "secretsmanager:prod/fraud#token"}),
            "LAMBDA_TASK_ROOT": str(tmp_path),
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": vault.endpoint,
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "key",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'y': [7.0]" in done.stdout, "one and the six characters of the token"
    assert "s3cr3t" not in done.stdout + done.stderr
