"""The commands as people type them, each in a process of its own, on a workspace that is a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.contract.imports.importing import FIXTURES


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "model_packages").mkdir(parents=True)
        (root / "pyproject.toml").write_text('[tool.ladle]\nworkspace = "dir:store"\n')

    def ladle(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ladle", *map(str, words)]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)

    def json(self, *words: str | Path) -> Any:
        done = self.ladle(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def keys(folder: Path) -> tuple[Path, Path]:
    private, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    secret, public = folder / "key.pem", folder / "public.pem"
    pkcs8, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret.write_bytes(private.private_bytes(pem, pkcs8, none))
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(private.public_key().public_bytes(pem, info))
    return secret, public


def test_an_imported_model_is_attested_and_an_altered_attestation_refused(
    repository: Repository, tmp_path: Path
) -> None:
    first, *_ = repository.json("import", "mlflow", FIXTURES / "mlflow" / "files")["recorded"]
    secret, public = keys(tmp_path)
    written = repository.json("attest", first, "--key", secret)
    assert written["signed"]
    checked = repository.json("attest", first, "--verify", "--key", public)
    assert (checked["checked"], checked["files"]) == (True, written["files"])
    path = repository.root / written["files"][1]
    path.write_text(path.read_text().replace('"sig":"M', '"sig":"N'))
    refused = repository.ladle("attest", first, "--verify", "--key", public)
    assert refused.returncode == 1
    assert "LD388 model.sig was not signed with this key" in refused.stderr


def test_a_signed_attestation_is_never_checked_without_its_key(
    repository: Repository, tmp_path: Path
) -> None:
    first, *_ = repository.json("import", "mlflow", FIXTURES / "mlflow" / "database")["recorded"]
    repository.json("attest", first, "--key", keys(tmp_path)[0])
    refused = repository.ladle("attest", first, "--verify")
    assert (refused.returncode, "no key says by whom" in refused.stderr) == (2, True)


def test_an_import_again_says_that_nothing_is_new(repository: Repository) -> None:
    source = FIXTURES / "dvc" / "second"
    recorded = repository.json("import", "dvc", source, "--model", "digits")["recorded"]
    assert len(recorded) == 1
    again = repository.json("import", "dvc", source, "--model", "digits")
    assert again == {"schema": 1, "recorded": [], "known": recorded}


def test_an_import_of_nothing_is_a_finding(repository: Repository, tmp_path: Path) -> None:
    refused = repository.ladle("import", "dvc", tmp_path)
    assert refused.returncode == 1
    assert "LD390" in refused.stderr
    assert not (repository.root / "store" / "manifests").exists()
