"""What one place of deployment has proven is brought to another, which then reads nothing in the first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ladle import digest
from ladle.digest import Digest, hex_of
from ladle.errors import Corrupt, LadleError
from ladle.experiments.manifest import RecordedExperiment
from ladle.names import bundle_key
from ladle.planning.service_spec import ServiceSpec
from ladle.ports import BundleStore, ImageRegistry, ReleaseLedger
from ladle.releases.state import Release

MANIFEST = "manifest.json"  # of the experiment, beside the model's copy


def no_images() -> ImageRegistry | None:
    """Where no release has an image."""
    return None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the release was proven; ``name`` is the environment as people call it, ``images`` are
    opened when the first is asked for.
    """

    name: str
    ledger: ReleaseLedger
    bundles: BundleStore
    images: Callable[[], ImageRegistry | None] = no_images


@dataclass(frozen=True, slots=True)
class Brought:
    """``copied`` is False when the copy was there; ``same_release`` when nothing but the place differs
    from what was proven.
    """

    model: str
    proven: Release
    copied: bool
    same_release: bool


def bring_release(
    wanted: ServiceSpec,
    origin: Origin,
    bundles: BundleStore,
    experiment: RecordedExperiment | None,
) -> Brought:
    """Copies the proven release's model, and the manifest of its experiment. Raises LD253 when the
    origin has proven no release with this model, LD224 and LD225 for bytes that are not the model's.
    """
    proven = _proven(wanted, origin)
    source = bundle_key(wanted.model, hex_of(proven.release_digest), wanted.source.file_name)
    target = bundle_key(wanted.model, hex_of(wanted.release_digest), wanted.source.file_name)

    def fetch(to: Path) -> None:
        read = origin.bundles.fetch(None, source, None, to)
        if str(read) != wanted.model_digest:
            raise Corrupt(
                "LD225",
                f"{source} in {origin.name} holds {read.short}, not the model "
                f"{Digest.parse(wanted.model_digest).short}",
                f"somebody wrote where only Ladle writes: deploy to {origin.name} again",
            )

    copied = _ensure(bundles, target, Digest.parse(wanted.model_digest), fetch)
    if experiment is not None:
        _bring_manifest(wanted, bundles, experiment)
    return Brought(wanted.model, proven, copied, proven.release_digest == wanted.release_digest)


def _proven(wanted: ServiceSpec, origin: Origin) -> Release:
    state = origin.ledger.load(wanted.model)
    for release in reversed(state.good):
        if release.model_digest == wanted.model_digest:
            return release
    short = Digest.parse(wanted.model_digest).short
    raise LadleError(
        "LD253",
        f"{wanted.model}: {origin.name} has proven no release with the model {short}",
        f"deploy it there first (ladle deploy --env {origin.name}) and let its trial end, or "
        "accept it yourself: ladle promote",
    )


def _bring_manifest(
    wanted: ServiceSpec, bundles: BundleStore, experiment: RecordedExperiment
) -> None:
    content = json.dumps(experiment.to_json(), indent=2).encode()
    key = bundle_key(wanted.model, hex_of(wanted.release_digest), MANIFEST)
    _ensure(bundles, key, digest.of_bytes(content), lambda to: _write(to, content))


def _write(to: Path, content: bytes) -> None:
    to.write_bytes(content)


def _ensure(bundles: BundleStore, key: str, wanted: Digest, fetch: Callable[[Path], None]) -> bool:
    """Whether it had to be copied."""
    found = bundles.find(key)
    if found is None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "content"
            fetch(path)
            bundles.put_if_absent(key, path, wanted)
        return True
    if found.sha256 != wanted.hex:
        raise Corrupt(
            "LD224",
            f"{key} holds {found.sha256[:12]}, not {wanted.short}: somebody wrote where only "
            "Ladle writes",
            "delete that object and deploy again",
        )
    return False
