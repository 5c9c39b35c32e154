"""What is deployed is what was recorded: a pinned experiment that is not whole is refused, before any build.

An experiment that this store never had is no refusal: its model then comes from the repository.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ladle.actions.pack_contents import THREADS
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.errors import Corrupt, LadleError, NotFound
from ladle.experiments.integrity import Fault, Problem, Witness
from ladle.experiments.manifest import RecordedExperiment
from ladle.planning.service_spec import ServiceSpec
from ladle.ports import Health, Workspace


def refuse_altered(
    workspace: Workspace,
    specs: Sequence[ServiceSpec],
    witnesses: Sequence[Witness] = (),
    threads: int = THREADS,
) -> None:
    """Raises LadleError LD371 for the first whose experiment is not as it was recorded."""
    for spec in specs:
        problems = check_pinned(workspace, spec, witnesses, threads)
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise LadleError(
                "LD371",
                f"{spec.model}: the pinned experiment is not whole: {problems[0].text}{more}",
                f"ladle verify {str(spec.experiment_id)[:12]} --repair, or pin another experiment",
            )


def check_pinned(
    workspace: Workspace,
    spec: ServiceSpec,
    witnesses: Sequence[Witness] = (),
    threads: int = THREADS,
) -> tuple[Problem, ...]:
    """Of its manifest, its chain, its objects and its model."""
    id_ = spec.experiment_id
    if id_ is None:
        return ()
    try:
        recorded = workspace.manifests.get(id_)
    except Corrupt as error:
        return (Problem(Fault.ALTERED, id_, error.finding.what),)
    except NotFound:
        return _dropped(workspace, spec, id_, witnesses)
    report = verify_store(workspace, id_, witnesses=witnesses, threads=threads)
    return (*report.problems, *_model(workspace, spec, recorded))


def _dropped(
    workspace: Workspace, spec: ServiceSpec, id_: str, witnesses: Sequence[Witness]
) -> tuple[Problem, ...]:
    """It was here if this machine saw it, or if the very version that its pin names still is."""
    was_seen = any(w.id == id_ for w in witnesses)
    locator = spec.source.locator
    if locator is not None and locator.version_id is not None:
        with contextlib.suppress(NotFound):  # not even a store
            model = Digest.parse(spec.model_digest)
            was_seen |= workspace.objects.check(model, locator) is Health.RIGHT
    text = f"{spec.model}: experiment {id_[:12]} was in this store and is gone from it"
    return (Problem(Fault.MISSING, id_, text),) if was_seen else ()


def _model(
    workspace: Workspace, spec: ServiceSpec, recorded: RecordedExperiment
) -> tuple[Problem, ...]:
    artefact, id_ = recorded.manifest.artefact, recorded.manifest.id
    if artefact is None or artefact.digest != spec.model_digest:
        text = f"{spec.model}: experiment {id_[:12]} made another model than the pin says"
        return (Problem(Fault.UNCHAINED, id_, text),)
    model = Digest.parse(spec.model_digest)
    if spec.source.path is None and workspace.objects.check(model) is not Health.RIGHT:
        text = f"{spec.model}: the model {spec.model_digest[:19]} is not in the store any more"
        return (Problem(Fault.MISSING, spec.model_digest, text, (id_,)),)
    return ()
