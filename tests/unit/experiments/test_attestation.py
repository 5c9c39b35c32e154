"""What Ladle states is read here by the libraries of in-toto and DSSE and by OpenSSF's own schemas.

The schemas in fixtures/oms are those of the model signing specification 1.0 (Apache-2.0), unchanged.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from ladle import digest
from ladle.actions.attest_experiment import check_attestation, statements, write_attestation
from ladle.disk.object_store import DiskObjectStore
from ladle.errors import LadleError
from ladle.experiments.attestation import model_signature, provenance
from ladle.experiments.envelope import opened
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
)
from ladle.tools.signing_keys import checking_key, signing_key

MODEL = b"weights"
SCHEMAS = Path(__file__).parent / "fixtures" / "oms"
ECDSA = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}


def sha(content: bytes) -> str:
    return str(digest.of_bytes(content))


def manifest() -> Manifest:
    return Manifest(
        model="digits",
        outcome="succeeded",
        created_at="2026-11-18T11:06:40.000Z",
        started_at="2026-11-18T11:00:00.000Z",
        actor="Ada",
        previous=None,
        data=(
            DataInput("data/train.csv", sha(b"rows"), 4, aliases=("md5:" + "0" * 32,)),
            DataInput("data/images", sha(b"tree"), 9, kind="folder", files=3),
        ),
        code=Code("c" * 40, True, sha(b"patch"), ("python", "train.py", "--token=***")),
        params={"depth": 6, "db": "postgres://ada:pa55word-of-ada@db.example/x"},
        environment=Environment(
            "3.11.2",
            "linux",
            sha(b"packages"),
            {"numpy": "2.4.0"},
            lock_file=sha(b"lock"),
            image="r/i@" + sha(b"i"),
        ),
        metrics={"accuracy": 0.97},
        artefact=ModelArtefact("model.onnx", sha(MODEL), len(MODEL), "onnx", Signature((), ())),
        log=sha(b"log"),
        outputs=(DataInput("report.html", sha(b"report"), 6, role="output"),),
        parents=("a" * 64,),
    )


@pytest.fixture
def objects(tmp_path: Path) -> DiskObjectStore:
    store = DiskObjectStore(tmp_path / "store")
    store.put_if_absent(digest.of_bytes(MODEL), MODEL)
    return store


@pytest.fixture
def recorded() -> RecordedExperiment:
    return RecordedExperiment(manifest(), {}, sequence=1)


def key_file(folder: Path, private: Any, name: str = "key.pem") -> Path:
    path = folder / name
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(private.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"public-{name}").write_bytes(public)
    return path


def sign(recorded: RecordedExperiment, folder: Path, curve: str = "P-256") -> Path:
    path = key_file(folder, ec.generate_private_key(ECDSA[curve]))
    signing = signing_key(path)
    write_attestation(recorded, folder / "out", signing.id, signing.sign)
    return folder / "public-key.pem"


def schema(name: str) -> Draft202012Validator:
    documents = [json.loads(path.read_bytes()) for path in SCHEMAS.glob("*.json")]
    registry: Registry[Any] = Registry().with_resources(
        (d["$id"], Resource.from_contents(d)) for d in documents
    )
    wanted = next(d for d in documents if d["$id"].endswith(f"/{name}/v1.0/schema"))
    return Draft202012Validator(wanted, registry=registry)


def test_in_toto_reads_the_statement_and_slsa_its_predicate() -> None:
    said = json.loads(json.dumps(provenance(manifest())))
    statement = json_format.ParseDict(said, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    assert statement.subject[0].name == "model.onnx"
    assert statement.subject[0].digest["sha256"] == hashlib.sha256(MODEL).hexdigest()
    predicate = json_format.ParseDict(said["predicate"], provenance_pb2.Provenance())
    parts = predicate.build_definition.resolved_dependencies
    assert [p.name for p in parts] == [
        "git commit",
        "uncommitted changes",
        "data/train.csv",
        "data/images",
        "installed packages",
        "lock file",
        "r/i",
        "parent experiment",
    ]
    assert predicate.run_details.metadata.invocation_id == manifest().id
    metrics = next(b for b in predicate.run_details.byproducts if b.name == "metrics")
    assert json.loads(metrics.content) == {"accuracy": 0.97}


def test_an_import_is_never_stated_as_a_run_that_was_seen() -> None:
    imported = provenance(replace(manifest(), origin="mlflow:" + "0" * 32))["predicate"]
    assert imported["runDetails"]["builder"] == {"id": "urn:ladle:importer:v1"}
    assert imported["buildDefinition"]["internalParameters"]["origin"] == "mlflow:" + "0" * 32
    seen = provenance(manifest())["predicate"]["runDetails"]
    assert seen["builder"] == {"id": "urn:ladle:recorder:v1"}


def test_no_credential_comes_into_a_statement() -> None:
    assert "pa55word" not in json.dumps(provenance(manifest()))


@pytest.mark.parametrize("curve", ECDSA)
def test_dsse_of_others_accepts_our_signature(
    tmp_path: Path, recorded: RecordedExperiment, curve: str
) -> None:
    public = sign(recorded, tmp_path, curve)
    loaded = serialization.load_pem_public_key(public.read_bytes())
    bits = curve.removeprefix("P-")
    scheme = f"ecdsa-sha2-nistp{bits}"
    for name in ("provenance.intoto.jsonl", "model.sig"):
        found = json.loads((tmp_path / "out" / name).read_bytes())
        envelope = Envelope.from_dict(found.get("dsseEnvelope", found))
        keyid = next(iter(envelope.signatures))
        key = SSlibKey(keyid, "ecdsa", scheme, {"public": public.read_text()})
        assert envelope.verify([key], 1)
        envelope.payload += b" "
        with pytest.raises(VerificationError):
            envelope.verify([key], 1)
    assert loaded is not None


def test_a_model_signature_is_what_openssf_specifies(
    tmp_path: Path, recorded: RecordedExperiment
) -> None:
    sign(recorded, tmp_path)
    found = json.loads((tmp_path / "out" / "model.sig").read_bytes())
    schema("bundle").validate(found)
    statement = Envelope.from_dict(found["dsseEnvelope"])
    schema("statement").validate(json.loads(statement.payload))
    whole = hashlib.sha256(hashlib.sha256(MODEL).digest()).hexdigest()
    assert json.loads(statement.payload)["subject"][0]["digest"] == {"sha256": whole}


@pytest.mark.parametrize("private", [ec.generate_private_key(ec.SECP256R1()), None])
def test_what_we_wrote_we_accept(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore, private: Any
) -> None:
    path = key_file(tmp_path, private or ed25519.Ed25519PrivateKey.generate())
    signing = signing_key(path)
    write_attestation(recorded, tmp_path / "out", signing.id, signing.sign)
    for key in (path, tmp_path / "public-key.pem"):
        checked = check_attestation(recorded, objects, tmp_path / "out", checking_key(key).verify)
        assert [p.name for p in checked] == ["provenance.intoto.jsonl", "model.sig"]


def test_every_altered_byte_of_an_attestation_is_refused(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore
) -> None:
    verify = checking_key(sign(recorded, tmp_path)).verify
    for name in ("provenance.intoto.jsonl", "model.sig"):
        path = tmp_path / "out" / name
        whole = path.read_bytes()
        at = whole.index(b'"payload":"') + 40
        path.write_bytes(
            whole[:at] + (b"B" if whole[at : at + 1] == b"A" else b"A") + whole[at + 1 :]
        )
        with pytest.raises(LadleError, match="LD388"):
            check_attestation(recorded, objects, tmp_path / "out", verify)
        path.write_bytes(whole)
    assert check_attestation(recorded, objects, tmp_path / "out", verify)


def test_another_key_is_refused(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore
) -> None:
    sign(recorded, tmp_path)
    other = key_file(tmp_path, ec.generate_private_key(ec.SECP256R1()), "other.pem")
    with pytest.raises(LadleError, match="not signed with this key") as refusal:
        check_attestation(recorded, objects, tmp_path / "out", checking_key(other).verify)
    assert [f.code for f in refusal.value.findings] == ["LD388", "LD388"]


def test_an_attestation_of_another_experiment_is_refused(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore
) -> None:
    verify = checking_key(sign(recorded, tmp_path)).verify
    other = replace(recorded, manifest=replace(recorded.manifest, metrics={"accuracy": 0.99}))
    with pytest.raises(LadleError, match="states something else"):
        check_attestation(other, objects, tmp_path / "out", verify)


def test_an_altered_model_is_refused_whatever_the_papers_say(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore
) -> None:
    verify = checking_key(sign(recorded, tmp_path)).verify
    (path,) = [p for p in (tmp_path / "store").rglob("*") if p.is_file()]
    path.write_bytes(b"poisons")
    with pytest.raises(LadleError, match="LD312"):
        check_attestation(recorded, objects, tmp_path / "out", verify)


def test_an_unsigned_statement_is_never_taken_for_a_signed_one(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore
) -> None:
    written = write_attestation(recorded, tmp_path / "out", "", None)
    assert [json.loads(p.read_bytes()) for p in written] == [
        json.loads(json.dumps(s)) for s in statements(recorded).values()
    ]
    assert check_attestation(recorded, objects, tmp_path / "out", None) == written
    key = key_file(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(LadleError, match="LD387"):
        check_attestation(recorded, objects, tmp_path / "out", checking_key(key).verify)


def test_an_experiment_that_made_nothing_has_nothing_to_attest(tmp_path: Path) -> None:
    nothing = replace(manifest(), artefact=None, outputs=())
    with pytest.raises(LadleError, match="LD385"):
        write_attestation(RecordedExperiment(nothing, {}, 1), tmp_path / "out", "", None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"dsseEnvelope": 3}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_attestation_is_said_to_be_none(
    tmp_path: Path, recorded: RecordedExperiment, objects: DiskObjectStore, content: bytes
) -> None:
    verify = checking_key(sign(recorded, tmp_path)).verify
    (tmp_path / "out" / "model.sig").write_bytes(content)
    with pytest.raises(LadleError, match=r"LD387 model\.sig"):
        check_attestation(recorded, objects, tmp_path / "out", verify)


def test_a_signature_that_model_signing_made_is_one_to_us() -> None:
    """``model_signing sign key`` 1.1.1 over a folder with one file, model.onnx, of ``hello``."""
    sealed = opened((SCHEMAS / "theirs.sig").read_bytes(), "theirs.sig")
    assert sealed.is_signed_by(checking_key(SCHEMAS / "theirs.pem").verify)
    artefact = ModelArtefact("model.onnx", sha(b"hello"), 5, "onnx", Signature((), ()))
    theirs, ours = json.loads(sealed.payload), model_signature(artefact)
    assert theirs["predicate"]["resources"] == ours["predicate"]["resources"]
    assert theirs["subject"][0]["digest"] == ours["subject"][0]["digest"]
