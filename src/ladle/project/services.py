"""A repository's packages become the ServiceSpecs that plan prints and stacks build."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ladle import digest
from ladle.config.checks import IN_S3, PINNED
from ladle.config.nearest import did_you_mean
from ladle.config.parse import Reading
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError, ManyFindings, NotFound
from ladle.experiments.manifest import Signature
from ladle.planning.locking import ELSEWHERE, choose_target, moved
from ladle.planning.resolve import (
    Cloud,
    ModelContent,
    choose_packaging,
    resolve,
)
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import backend_of
from ladle.policy.lock import Lock
from ladle.project.function_code import FunctionCode, serving_code, too_old
from ladle.project.kept_runtimes import installed, tree_of
from ladle.project.left_file import read_left
from ladle.project.measured_file import read_measured
from ladle.project.pinned_lock import place_of, read_lock
from ladle.project.pinned_object_file import copy_here, read_pinned_object
from ladle.project.read_package import read_packages
from ladle.project.repository import ModelPackage, packages, read_pinned

# Reads what a model file says of its inputs and outputs; runs apart, since files can be hostile.
Inspect = Callable[[Path], Signature]
Locks = Mapping[str, Lock]  # by model
NO_LOCKS: Locks = {}


def read_configs(
    root: Path, environment: str | None = None, moving: str | None = None
) -> Sequence[tuple[ModelPackage, ModelConfig]]:
    """All packages with their configs, those of ``environment`` laid over them. That of the model
    ``moving`` may name another place than it has.

    Raises ManyFindings with every mistake of every package.
    """
    shown = [(p, os.path.relpath(p.config, root)) for p in packages(root)]
    readings = [(p, _may_move(reading, moving)) for p, reading in read_packages(shown)]
    if findings := [finding for _, reading in readings for finding in reading.findings]:
        raise ManyFindings(findings)
    configs = [(package, reading.config) for package, reading in readings if reading.config]
    known = {name for _, config in configs for name in config.environments}
    if environment is not None and environment not in known:
        raise NotFound(
            "LD133",
            f"no model has an environment {environment}{did_you_mean(environment, known)}",
            f"environments here: {', '.join(sorted(known)) or 'none'}",
        )
    return [(package, _in_environment(config, environment)) for package, config in configs]


def named(
    configs: Sequence[tuple[ModelPackage, ModelConfig]], names: Iterable[str]
) -> Sequence[tuple[ModelPackage, ModelConfig]]:
    """Those of these models. Raises LD132 for a name that none has."""
    wanted, known = set(names), [config.name for _, config in configs]
    for name in sorted(wanted - set(known)):
        raise NotFound(
            "LD132",
            f"there is no model {name}{did_you_mean(name, known)}",
            f"models here: {', '.join(known) or 'none'}",
        )
    return [(package, config) for package, config in configs if config.name in wanted]


def workspace_of(configs: Iterable[ModelConfig], environment: str | None) -> str | None:
    """The account that an environment's models name, as a workspace URL; None when they name none.

    Raises LD134 when they name several: one deploy goes to one place.
    """
    found = {
        f"aws://{place.account}/{place.region}"
        for config in configs
        if environment in config.environments
        and (place := config.environments[environment]).account
    }
    if len(found) > 1:
        raise LadleError(
            "LD134",
            f"the models of environment {environment} name several places: "
            f"{', '.join(sorted(found))}",
            "give models that go to different accounts different environments",
        )
    return next(iter(found), None)


def read_services(
    root: Path,
    cloud: Cloud,
    inspect: Inspect,
    environment: str | None = None,
    only: Collection[str] = (),
    known: Locks | None = NO_LOCKS,
) -> Sequence[ServiceSpec]:
    """``only`` names models; none means all. ``known`` is what the ledger has locked of them, where
    ``pinned.json`` says nothing; None looks at no lock. Raises LadleError for the first that cannot be
    built.
    """
    configs = read_configs(root, environment)
    return tuple(
        read_locked(package, config, cloud, inspect, root, environment, known)
        for package, config in (named(configs, only) if only else configs)
    )


def read_locked(
    package: ModelPackage,
    config: ModelConfig,
    cloud: Cloud,
    inspect: Inspect,
    root: Path,
    environment: str | None,
    known: Locks | None,
) -> ServiceSpec:
    """With what is locked of it, and what it moves away from. Raises LD286 where that is lost."""
    lock = kept(package, config, cloud, environment, known)
    spec = read_service(package, config, cloud, inspect, root, lock)
    if lock is None or lock.leaves is None:
        return spec
    return replace(spec, left=read_left(package, place_of(cloud, environment), lock.leaves))


def kept(
    package: ModelPackage,
    config: ModelConfig,
    cloud: Cloud,
    environment: str | None,
    known: Locks | None = NO_LOCKS,
    may_move: bool = False,
) -> Lock | None:
    """What is committed of earlier releases there, else what is known of them. Raises LD245 for a
    config that says something else than what is committed, unless it ``may_move``.

    An embedded AWS begins anew: what is committed of one before it is of no model that it knows.
    """
    if known is None:
        return None
    committed = read_lock(package, place_of(cloud, environment))
    told = known.get(config.name)
    if committed is None or (told is None and cloud is Cloud.EMBEDDED):
        return told
    if not may_move and (elsewhere := moved(config, committed)) is not None:
        raise elsewhere.refusal
    if told is None or told.home != committed.home:  # a new home's role owes older releases nothing
        return replace(committed, grants=())
    return replace(committed, grants=told.grants)


def read_service(
    package: ModelPackage,
    config: ModelConfig,
    cloud: Cloud,
    inspect: Inspect,
    root: Path,
    lock: Lock | None = None,
) -> ServiceSpec:
    """Raises LD238 where the runtime that ``lock`` names is not here, LD246 where it is too old."""
    content = _content(package, config, inspect, root, cloud)
    target = choose_target(config, content.size, lock).target
    packaging = choose_packaging(config, cloud, target, lock)
    runtime = (lock and lock.runtime) or installed()
    tree = tree_of(root, runtime)
    if config.capture.enabled and tree is not None and not tree.captures:
        raise too_old(config.name, "capture", "capture: {enabled: false}")
    code = serving_code(
        backend_of(content.file_name) or "",
        packaging,
        config.python,
        package.folder,
        config.transform,
        config.requirements,
        content.file_name,
        target,
        config.compute.gpu,
        tree,
        config.tracing,
    )
    code_digest, folder = str(code.digest), str(package.folder)
    spec = resolve(config, content, packaging, code_digest, folder, lock)
    return replace(spec, built_with=runtime)


def stated_signature(
    package: ModelPackage, config: ModelConfig, inspect: Inspect, root: Path
) -> Signature:
    """What the model takes and gives, as its file says. Raises LadleError for one that cannot be read."""
    return _content(package, config, inspect, root, Cloud.AWS).signature


def code_of(spec: ServiceSpec, root: Path) -> FunctionCode:
    """What serves the model, a function or a server, by the target; of the runtime that it keeps."""
    return serving_code(
        backend_of(spec.source.file_name) or "",
        spec.packaging,
        spec.python,
        Path(spec.folder),
        spec.transform,
        spec.requirements,
        spec.source.file_name,
        spec.target,
        spec.compute.gpu,
        tree_of(root, spec.built_with),
        spec.tracing,
    )


def _may_move(reading: Reading, moving: str | None) -> Reading:
    if reading.draft is None or reading.draft.name != moving:
        return reading
    return reading.without(ELSEWHERE)


def _in_environment(config: ModelConfig, environment: str | None) -> ModelConfig:
    """Models that do not name the environment are the same in it."""
    if environment is None or environment not in config.environments:
        return config
    return config.in_environment(environment)


def _content(
    package: ModelPackage, config: ModelConfig, inspect: Inspect, root: Path, cloud: Cloud
) -> ModelContent:
    if config.model == PINNED:
        return _pinned_content(package, root)
    if config.model.startswith(IN_S3):
        return _object_content(package, config.model, root, cloud)
    path = package.folder / config.model
    with path.open("rb") as stream:
        found, size = digest.of_stream(stream)
    return ModelContent(
        digest=str(found),
        file_name=path.name,
        bytes=size,
        signature=inspect(path),
        experiment_id=None,
        locator=None,
        path=str(path),
        measured=read_measured(package.folder),
    )


def _object_content(package: ModelPackage, address: str, root: Path, cloud: Cloud) -> ModelContent:
    """An account reads the object itself, so that its template does not depend on what lies here."""
    pinned = read_pinned_object(package.folder, address)
    return ModelContent(
        digest=pinned.digest,
        file_name=pinned.file_name,
        bytes=pinned.bytes,
        signature=pinned.signature,
        experiment_id=None,
        locator=None,
        path=copy_here(pinned, root) if cloud is Cloud.EMBEDDED else None,
        measured=read_measured(package.folder),
        object=pinned,
    )


def _pinned_content(package: ModelPackage, root: Path) -> ModelContent:
    recorded = read_pinned(package)
    artefact = recorded.manifest.artefact
    if artefact is None:
        raise LadleError(
            "LD126",
            f"{package.folder.name}: the pinned experiment {recorded.manifest.id[:12]} made no model",
            "pin one that did; see ladle log",
        )
    return ModelContent(
        digest=artefact.digest,
        file_name=Path(artefact.name).name,
        bytes=artefact.bytes,
        signature=artefact.signature,
        experiment_id=recorded.manifest.id,
        locator=recorded.locators.get(artefact.digest),
        path=_same_file(package, root, artefact.name, artefact.digest),
        measured=read_measured(package.folder),
    )


def _same_file(package: ModelPackage, root: Path, name: str, wanted: str) -> str | None:
    """The pinned model's bytes in this checkout, so that a clone can deploy without the store."""
    for path in (root / name, package.folder / Path(name).name):
        if path.is_file():
            with path.open("rb") as stream:
                if str(digest.of_stream(stream)[0]) == wanted:
                    return str(path)
    return None
