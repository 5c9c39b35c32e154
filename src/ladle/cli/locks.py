"""What earlier releases of a repository's models keep: told by the ledger, and brought here to be built from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from ladle.actions.keep_runtime import bring_runtime, bring_wheels, keep_runtime, keep_wheels
from ladle.actions.read_locks import read_locks
from ladle.catalog import Packaging
from ladle.cli.output import say
from ladle.config.schema import ModelConfig
from ladle.errors import NeedsCredentials, Unavailable
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.policy.lock import Lock, Runtime
from ladle.ports import BundleStore, ReleaseLedger
from ladle.project import kept_runtimes
from ladle.project.function_code import Wheels
from ladle.project.pinned_lock import place_of, read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.project.services import Locks
from ladle.project.staging import find_wheels, place_for_wheels, wheels_name
from ladle.wiring import open_bundles, open_workspace

Found = Sequence[tuple[ModelPackage, ModelConfig]]
OpenBundles = Callable[[], BundleStore]


def known_locks(
    found: Found,
    cloud: Cloud,
    environment: str | None,
    root: Path,
    ledger: ReleaseLedger,
    bundles: OpenBundles,
) -> Locks:
    """By model, of the ledger; the runtimes that any lock names are then here, if anywhere."""
    known = read_locks(ledger, [config.name for _, config in found])
    place = place_of(cloud, environment)
    for package, config in found:
        lock = read_lock(package, place) or known.get(config.name)
        if lock is not None:
            _bring(lock, cloud, config, root, bundles)
    return known


def locks_here(found: Found, cloud: Cloud, environment: str | None, root: Path, url: str) -> Locks:
    """As ``known_locks``, where somebody can be asked."""
    try:
        ledger = open_workspace(url, root).ledger
        bundles = partial(open_bundles, url, root)
        return known_locks(found, cloud, environment, root, ledger, bundles)
    except (Unavailable, NeedsCredentials):
        return {}


def keep_for_later(
    specs: Iterable[ServiceSpec], cloud: Cloud, root: Path, store: BundleStore
) -> None:
    """What the releases of ``specs`` were built from; older runtimes are in the store already."""
    ours = kept_runtimes.installed()
    mine = [s for s in specs if s.built_with and s.built_with.digest == ours.digest]
    if mine:
        keep_runtime(store, ours, kept_runtimes.pack)
    # On the embedded AWS what a zip holds was staged on this machine, and stays here.
    if cloud is Cloud.AWS:
        zips = [spec for spec in mine if spec.packaging is Packaging.ZIP]
        for name in {wheels_name(Wheels.FUNCTION, spec.python, spec.arch) for spec in zips}:
            if (staged := find_wheels(root, name)) is not None:
                keep_wheels(store, name, staged)


def write_locks(
    found: Found, specs: Iterable[ServiceSpec], cloud: Cloud, environment: str | None
) -> None:
    """Where nothing was locked there yet; the embedded AWS begins anew, and its ledger is enough."""
    if cloud is Cloud.EMBEDDED:
        return
    place, by_model = place_of(cloud, environment), {spec.model: spec for spec in specs}
    for package, config in found:
        if config.name in by_model and read_lock(package, place) is None:
            write_lock(package, place, by_model[config.name].lock)
            say(f"{config.name}  pinned.json records what it runs on at {place}: commit it")


def newer_runtime(kept: Runtime | None) -> Runtime | None:
    """What this Ladle brings, where a model keeps another."""
    if kept is None or kept.digest == kept_runtimes.installed().digest:
        return None
    return kept_runtimes.installed()


def _bring(lock: Lock, cloud: Cloud, config: ModelConfig, root: Path, bundles: OpenBundles) -> None:
    runtime = lock.runtime
    if runtime is None or kept_runtimes.is_here(root, runtime):
        return
    kept: Runtime = runtime
    if not bring_runtime(bundles(), kept, lambda zip_: kept_runtimes.unpack(zip_, root, kept)):
        return  # who needs it says that it is missing
    tree = kept_runtimes.tree_of(root, kept)
    if lock.packaging is Packaging.ZIP and cloud is Cloud.AWS and tree is not None:
        name = wheels_name(Wheels.FUNCTION, config.python, config.arch, tree.locks)
        if find_wheels(root, name) is None:
            bring_wheels(bundles(), name, place_for_wheels(root, name))
