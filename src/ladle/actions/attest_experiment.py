"""An attestation is written from the stored experiment, or compared with it: nothing is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from ladle import digest as digests
from ladle.digest import Digest, canonical_json
from ladle.errors import Corrupt, Finding, LadleError, ManyFindings, NotFound
from ladle.experiments.attestation import Statement, model_signature, provenance
from ladle.experiments.envelope import Sign, Verify, bundle, envelope, opened, unreadable
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ObjectStore

PROVENANCE, MODEL = "provenance", "model"
SIGNED = {PROVENANCE: "provenance.intoto.jsonl", MODEL: "model.sig"}
UNSIGNED = {PROVENANCE: "provenance.json", MODEL: "model.json"}
_LARGEST_BYTES = 64 << 20
_AGAIN = "do not trust this copy; ask its sender, or write your own: ladle attest ID --key KEY.pem"


def statements(recorded: RecordedExperiment) -> dict[str, Statement]:
    artefact = recorded.manifest.artefact
    signed = {MODEL: model_signature(artefact)} if artefact else {}
    return {PROVENANCE: provenance(recorded.manifest), **signed}


def write_attestation(
    recorded: RecordedExperiment, folder: Path, key: str, sign: Sign | None
) -> list[Path]:
    """Without ``sign`` the bare statements, under other names, so that none is taken for signed."""
    stated = statements(recorded)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part, statement in stated.items():
        content: object = statement
        if sign:
            seal: Callable[[Statement, str, Sign], object] = bundle if part == MODEL else envelope
            content = seal(statement, key, sign)
        path = folder / (SIGNED if sign else UNSIGNED)[part]
        path.write_bytes(canonical_json(content) + b"\n")
        written.append(path)
    return written


def check_attestation(
    recorded: RecordedExperiment, objects: ObjectStore, folder: Path, verify: Verify | None
) -> list[Path]:
    """What was checked. Raises everything that does not hold at once: LD387, LD388, LD311, LD312."""
    names = SIGNED if verify else UNSIGNED
    paths = [folder / names[part] for part in statements(recorded)]
    found = [*_of_files(recorded, paths, verify), *_of_model(recorded, objects)]
    if found:
        raise ManyFindings(found)
    return paths


def _of_files(
    recorded: RecordedExperiment, paths: list[Path], verify: Verify | None
) -> Iterator[Finding]:
    for path, statement in zip(paths, statements(recorded).values(), strict=True):
        try:
            content = _read(path)
            if verify is None:
                said = json.loads(content)
            else:
                sealed = opened(content, path.name)
                if not sealed.is_signed_by(verify):
                    what = f"{path.name} was not signed with this key, or was altered since"
                    yield Finding("LD388", what, _AGAIN)
                    continue
                said = json.loads(sealed.payload)
            if canonical_json(said) != canonical_json(statement):
                what = (
                    f"{path.name} states something else than experiment {recorded.manifest.id[:12]}"
                )
                yield Finding("LD388", what, _AGAIN)
        except LadleError as error:
            yield error.finding
        except (ValueError, RecursionError) as error:
            yield unreadable(path.name, str(error)).finding


def _of_model(recorded: RecordedExperiment, objects: ObjectStore) -> Iterator[Finding]:
    """Every byte of the stored model is read: a statement about other bytes is worth nothing."""
    artefact = recorded.manifest.artefact
    if artefact is None:
        return
    digest = Digest.parse(artefact.digest)
    try:
        with objects.open(digest, recorded.locators.get(artefact.digest)) as stream:
            digests.of_stream(stream)
    except (Corrupt, NotFound) as error:
        yield error.finding


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise unreadable(str(path), error.strerror or "it cannot be opened") from None
    if len(content) > _LARGEST_BYTES:
        raise unreadable(path.name, f"it is larger than {_LARGEST_BYTES >> 20} MiB")
    return content
