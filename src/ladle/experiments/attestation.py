"""What an experiment states to others: in-toto statements made of its manifest and nothing else.

Statement v1 with SLSA provenance v1 says how model and outputs came about; OpenSSF model signing v1.0
says which bytes the model is. One experiment always makes the same statements, byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ladle.digest import Digest, canonical_json, hex_of
from ladle.errors import LadleError
from ladle.experiments.manifest import DataInput, Manifest, ModelArtefact
from ladle.experiments.secrets import masked_value

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
MODEL_SIGNATURE = "https://model_signing/signature/v1.0"
BUILD_TYPE = "urn:ladle:experiment:v1"
RECORDER = "urn:ladle:recorder:v1"  # saw the run
IMPORTER = "urn:ladle:importer:v1"  # believed what another tool had written of it
TREE_MEDIA_TYPE = "application/vnd.ladle.tree.v1+json"

Statement = Mapping[str, Any]


def provenance(manifest: Manifest) -> Statement:
    """Raises LD385 for an experiment that made nothing."""
    subjects = [_resource(f) for f in manifest.outputs]
    if manifest.artefact:
        subjects.insert(0, _hashed(manifest.artefact.name, manifest.artefact.digest))
    if not subjects:
        raise LadleError(
            "LD385",
            f"experiment {manifest.id[:12]} made no model and no output: there is nothing that an "
            "attestation could be about",
            "choose an experiment that succeeded; ladle log lists them",
        )
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "model": manifest.model,
                "command": masked_value("command", list(manifest.code.argv)),
                "params": masked_value("params", dict(manifest.params)),
            },
            "internalParameters": _internal(manifest),
            "resolvedDependencies": list(_dependencies(manifest)),
        },
        "runDetails": {
            "builder": {"id": IMPORTER if manifest.origin else RECORDER},
            "metadata": _metadata(manifest),
            "byproducts": list(_byproducts(manifest)),
        },
    }
    return _statement(subjects, PROVENANCE, predicate)


def model_signature(artefact: ModelArtefact) -> Statement:
    """The model as a folder that holds its one file, which is how every verifier reads it."""
    digest = hex_of(artefact.digest)
    resources = [{"name": artefact.name, "algorithm": "sha256", "digest": digest}]
    whole = hashlib.sha256(b"".join(bytes.fromhex(r["digest"]) for r in resources))
    predicate = {
        "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False},
        "resources": resources,
    }
    subject = {"name": artefact.name, "digest": {"sha256": whole.hexdigest()}}
    return _statement([subject], MODEL_SIGNATURE, predicate)


def _statement(
    subjects: Sequence[Mapping[str, Any]], predicate_type: str, predicate: Mapping[str, Any]
) -> Statement:
    return {
        "_type": STATEMENT,
        "subject": list(subjects),
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def _internal(manifest: Manifest) -> Mapping[str, str]:
    origin = {"origin": manifest.origin} if manifest.origin else {}
    return {"outcome": manifest.outcome, "actor": manifest.actor, **origin}


def _dependencies(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    code, environment = manifest.code, manifest.environment
    if code.commit:
        yield {"name": "git commit", "digest": {"gitCommit": code.commit}}
    if code.patch:
        yield _hashed("uncommitted changes", code.patch)
    for file in manifest.data:
        yield _resource(file)
    if environment.packages:
        installed = {"python": environment.python, "platform": environment.platform}
        yield {**_hashed("installed packages", environment.lock), "annotations": installed}
    if environment.lock_file:
        yield _hashed("lock file", environment.lock_file)
    if environment.image:
        yield _image(environment.image)
    for parent in manifest.parents:
        yield _hashed("parent experiment", parent)


def _metadata(manifest: Manifest) -> Mapping[str, str]:
    times = {"startedOn": manifest.started_at, "finishedOn": manifest.created_at}
    return {"invocationId": manifest.id, **{k: v for k, v in times.items() if v}}


def _byproducts(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    if manifest.log:
        yield _hashed("log", manifest.log)
    if manifest.steps:
        yield _hashed("metrics by step", manifest.steps)
    if manifest.metrics:
        content = canonical_json(dict(manifest.metrics))
        yield {
            "name": "metrics",
            "mediaType": "application/json",
            "content": base64.b64encode(content).decode(),
        }


def _resource(file: DataInput) -> Mapping[str, Any]:
    """A folder's digest is that of its tree document, which its media type says."""
    kind = {"mediaType": TREE_MEDIA_TYPE} if file.kind == "folder" else {}
    said = {"role": file.role, "bytes": file.bytes, "files": file.files}
    aliases = {"aliases": list(file.aliases)} if file.aliases else {}
    return {**_hashed(file.name, file.digest), **kind, "annotations": {**said, **aliases}}


def _hashed(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": hex_of(digest)}}


def _image(image: str) -> Mapping[str, Any]:
    """By digest where the reference has one; never with the credentials of a registry."""
    reference, _, digest = image.rpartition("@")
    try:
        return _hashed(masked_value("image", reference) or "image", str(Digest.parse(digest)))
    except ValueError:
        return {"name": "image", "uri": masked_value("image", image)}
