"""``ladle attest ID``: what made a model, in documents that other tools can check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.attest_experiment import SIGNED, check_attestation, write_attestation
from ladle.cli.experiment_words import short
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson
from ladle.errors import UsageError
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ObjectStore
from ladle.project.repository import find_root
from ladle.tools.signing_keys import checking_key, signing_key
from ladle.wiring import open_workspace


def attest(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="At least six digits of it.")],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Default: attestations/MODEL-ID.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="KEY.pem", help="ECDSA or Ed25519; with --verify the public."
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check what lies in DIR.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write SLSA provenance and an OpenSSF model signature of an experiment, or check them."""
    workspace = open_workspace(None, find_root(Path.cwd()))
    recorded = workspace.manifests.get(experiment)
    manifest = recorded.manifest
    folder = output or Path("attestations", f"{manifest.model}-{short(manifest.id)}")
    if verify:
        paths = _checked(recorded, workspace.objects, folder, key)
    else:
        paths = _written(recorded, folder, key)
    if key is None:
        say("ladle: these statements are NOT signed: anybody could have written them (--key)")
    if as_json:
        names = [path.as_posix() for path in paths]
        told = {"signed": key is not None, "checked": verify}
        answer_json({"id": manifest.id, "files": names, **told})
    else:
        answer("\n".join(f"{'holds:' if verify else 'wrote'} {path}" for path in paths))


def _written(recorded: RecordedExperiment, folder: Path, key: Path | None) -> list[Path]:
    if key is None:
        return write_attestation(recorded, folder, "", None)
    signing = signing_key(key)
    if not signing.is_elliptic:
        say("ladle: tools of OpenSSF model signing read ECDSA keys only; this one is Ed25519")
    return write_attestation(recorded, folder, signing.id, signing.sign)


def _checked(
    recorded: RecordedExperiment, objects: ObjectStore, folder: Path, key: Path | None
) -> list[Path]:
    if key is None and any((folder / name).exists() for name in SIGNED.values()):
        raise UsageError(
            "LD386",
            f"what lies in {folder} is signed, and no key says by whom",
            "name the signer's public key: --key PUBLIC.pem",
        )
    return check_attestation(recorded, objects, folder, checking_key(key).verify if key else None)
