"""The store keeps the runtime of every release that was handed over, so that the next one can keep it too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from ladle import digest, names
from ladle.digest import Digest, hex_of
from ladle.errors import NotFound
from ladle.policy.lock import Runtime
from ladle.ports import BundleStore


def keep_runtime(bundles: BundleStore, runtime: Runtime, pack: Callable[[Path], Digest]) -> bool:
    """Whether it was not there yet; ``pack`` writes it as a zip and says what that hashes to."""
    key = names.runtime_key(hex_of(runtime.digest))
    if bundles.find(key) is not None:
        return False
    with TemporaryDirectory() as scratch:
        packed = Path(scratch) / "runtime.zip"
        bundles.put_if_absent(key, packed, pack(packed))
    return True


def keep_wheels(bundles: BundleStore, name: str, staged: Path) -> bool:
    """Whether they were not there yet."""
    key = names.wheels_key(name)
    if bundles.find(key) is not None:
        return False
    with staged.open("rb") as stream:
        found, _ = digest.of_stream(stream)
    bundles.put_if_absent(key, staged, found)
    return True


def bring_runtime(bundles: BundleStore, runtime: Runtime, unpack: Callable[[Path], None]) -> bool:
    """Whether the store has it; ``unpack`` gets the zip, and believes it by its content."""
    with TemporaryDirectory() as scratch:
        packed = Path(scratch) / "runtime.zip"
        try:
            bundles.fetch(None, names.runtime_key(hex_of(runtime.digest)), None, packed)
        except NotFound:
            return False
        unpack(packed)
        return True


def bring_wheels(bundles: BundleStore, name: str, to: Path) -> bool:
    """Whether the store has them. They appear at ``to`` whole or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True)
    fresh = to.with_suffix(".part")
    try:
        bundles.fetch(None, names.wheels_key(name), None, fresh)
    except NotFound:
        return False
    fresh.replace(to)
    return True
