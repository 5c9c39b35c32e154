"""What earlier releases of a repository's models keep: told by the ledger, and brought here to be built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ladle.actions.bring_release import Origin
from ladle.actions.keep_runtime import bring_runtime, bring_wheels, keep_runtime, keep_wheels
from ladle.actions.read_locks import read_locks
from ladle.catalog import Packaging, Target, Tracing
from ladle.cli.deployment import Deployment, Found, deployment_of
from ladle.cli.output import say
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError, NeedsCredentials, Unavailable
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.policy.lock import Lock, Runtime
from ladle.ports import BundleStore, ReleaseLedger
from ladle.project import kept_runtimes
from ladle.project.function_code import Wheels
from ladle.project.pinned_lock import drop_lock, read_lock, write_lock
from ladle.project.repository import PACKAGES, ModelPackage
from ladle.project.services import Locks, read_configs
from ladle.project.staging import (
    find_wheels,
    keeps_other_wheels,
    place_for_wheels,
    wheels_name,
)
from ladle.wiring import open_workspace


def known_locks(
    found: Found, to: Deployment, ledger: ReleaseLedger, origin: Origin | None = None
) -> Locks:
    """By model, of the ledger; the runtimes that any lock names are then here, if anywhere. A model
    that comes from ``origin`` for the first time keeps what was proven there.
    """
    models = [config.name for _, config in found]
    known = read_locks(ledger, models)
    if origin is not None:
        known = {**read_locks(origin.ledger, models), **known}
    for package, config in found:
        lock = read_lock(package, to.place) or known.get(config.name)
        for store in (to.store, origin.bundles if origin else None):
            if lock is not None and store is not None:
                _bring(lock, config, to, store)
    return known


def locks_here(found: Found, to: Deployment) -> Locks:
    """As ``known_locks``, where somebody can be asked."""
    try:
        return known_locks(found, to, open_workspace(to.url, to.root).ledger)
    except (Unavailable, NeedsCredentials):
        return {}


def keep_for_later(found: Found, deployed: Sequence[ServiceSpec], to: Deployment) -> None:
    """What later deploys go by: the files that these were built from, and what is locked now."""
    try:
        _keep_files(deployed, to)
    except LadleError as error:  # what was deployed serves; only a newer Ladle will miss them
        say(
            f"the serving runtime is not kept in the store, and the next deploy tries again: {error}"
        )
    _write_locks(found, deployed, to)


def _keep_files(specs: Sequence[ServiceSpec], to: Deployment) -> None:
    store = to.store
    if store is None:
        return
    for runtime in {spec.built_with for spec in specs if spec.built_with}:
        keep_runtime(
            store, runtime, partial(kept_runtimes.pack, repository=to.root, runtime=runtime)
        )
    if to.cloud is Cloud.EMBEDDED:
        return  # its zips were staged on this machine, and their wheels stay here
    for name in {_wheels(spec, to.root) for spec in specs if spec.packaging is Packaging.ZIP}:
        if (staged := find_wheels(to.root, name)) is not None:
            keep_wheels(store, name, staged)


def _wheels(spec: ServiceSpec, root: Path) -> str:
    tree = kept_runtimes.tree_of(root, spec.built_with)
    wheels = Wheels.serving(Target.LAMBDA, 0, spec.tracing)
    return wheels_name(wheels, spec.python, spec.arch, tree.locks if tree else None)


def _write_locks(found: Found, specs: Iterable[ServiceSpec], to: Deployment) -> None:
    """Where nothing was locked there yet; the embedded AWS begins anew, and its ledger is enough."""
    if to.cloud is Cloud.EMBEDDED:
        return
    by_model = {spec.model: spec for spec in specs}
    for package, config in found:
        if config.name in by_model and read_lock(package, to.place) is None:
            write_lock(package, to.place, by_model[config.name].lock)
            say(f"{config.name}  pinned.json records what it runs on at {to.place}: commit it")


def newer_runtime(kept: Runtime | None) -> Runtime | None:
    """What this Ladle brings, where a model keeps another."""
    if kept is None or kept.digest == kept_runtimes.installed().digest:
        return None
    return kept_runtimes.installed()


def _bring(lock: Lock, config: ModelConfig, to: Deployment, store: BundleStore) -> None:
    """Where the store has lost it too, who needs it says so."""
    runtime, root = lock.runtime, to.root
    if runtime is None:
        return
    if not kept_runtimes.is_here(root, runtime):
        unpack = partial(kept_runtimes.unpack, repository=root, runtime=runtime)
        if not bring_runtime(store, runtime, unpack):
            return
    tree = kept_runtimes.tree_of(root, runtime)
    if lock.packaging is not Packaging.ZIP or to.cloud is not Cloud.AWS or tree is None:
        return
    tracing = config.tracing if tree.sends_spans else Tracing.NONE  # who reads it says LD246
    wheels = Wheels.serving(Target.LAMBDA, 0, tracing)
    name = wheels_name(wheels, config.python, config.arch, tree.locks)
    others = keeps_other_wheels(wheels, config.python, tree.locks)
    if others and find_wheels(root, name) is None:
        bring_wheels(store, name, place_for_wheels(root, name))


def unlock(model: str, taken_down: Deployment) -> Iterator[str]:
    """The places whose lock went: all that lead to where a model was taken down.

    Raises LadleError for configs that do not say which environments lead there.
    """
    root = taken_down.root
    package = ModelPackage(root / PACKAGES / model)
    if drop_lock(package, taken_down.place):
        yield taken_down.place
    environments = {name for _, config in read_configs(root) for name in config.environments}
    for environment in sorted(environments):
        there = deployment_of(root, read_configs(root, environment), environment)
        if there.url == taken_down.url and drop_lock(package, there.place):
            yield there.place
