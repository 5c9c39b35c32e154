"""``ladle plan``: what a deploy would change, before any deploy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.plan_deploy import plan_deploy
from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.trial_words import catch_notes, trial_json
from ladle.config.defaults import Default, defaults
from ladle.config.notes import notes
from ladle.config.schema import ModelConfig
from ladle.errors import ExitCode, LadleError, NeedsCredentials, Unavailable
from ladle.experiments.manifest import Signature
from ladle.planning.diff import uncompared
from ladle.planning.plan import DeploymentPlan, ModelPlan
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.project.repository import find_root
from ladle.project.services import read_configs, read_service, workspace_of
from ladle.wiring import DEFAULT_URL, open_workspace, workspace_url


def plan(
    environment: Annotated[
        str | None, typer.Option("--env", help="The environment of model.yaml to plan for.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Every default, with its reason.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 3 when a deploy would change something.")
    ] = False,
) -> int:
    """Say what a deploy would change, model by model. Changes nothing."""
    root = find_root(Path.cwd())
    found = read_configs(root, environment)
    url = workspace_of((config for _, config in found), environment) or workspace_url(root)
    cloud = cloud_of(url)
    specs = [read_service(package, config, cloud, inspect, root) for package, config in found]
    planned, failure = compare(specs, url, root)
    configs = [config for _, config in found]
    if as_json:
        answer_json(_as_json(planned, configs, environment, explain))
    else:
        _show(planned, configs, explain)
    if planned.refused:
        return ExitCode.FINDING
    if exit_code and failure is not None:
        return failure.exit_code
    return ExitCode.WOULD_CHANGE if exit_code and planned.would_change else ExitCode.OK


def cloud_of(url: str) -> Cloud:
    """Which cloud a workspace's deployments go to."""
    return Cloud.EMBEDDED if url == DEFAULT_URL else Cloud.AWS


def inspect(path: Path) -> Signature:
    """Of a model that is given by path; read in a process of its own."""
    from ladle.tools.model_jail import ModelJail

    return ModelJail().inspect(path).signature


def compare(
    specs: Sequence[ServiceSpec], url: str, root: Path
) -> tuple[DeploymentPlan, LadleError | None]:
    """The plan; and why nothing could be compared, when nobody could be asked."""
    try:
        return plan_deploy(specs, open_workspace(url, root).ledger), None
    except (Unavailable, NeedsCredentials) as error:
        return uncompared(specs, error.finding.what), error


def _show(planned: DeploymentPlan, configs: Sequence[ModelConfig], explain: bool) -> None:
    for model, config in zip(planned.models, configs, strict=True):
        answer("\n".join(_lines(model, config)))
        if explain:
            answer(_explained(defaults(config)))
    counts = Counter(model.change for model in planned.models)
    summary = ", ".join(f"{count} {change}" for change, count in counts.items()) or "no models"
    answer(summary)
    if planned.not_compared is not None:
        say(f"nothing could be compared with what is deployed: {planned.not_compared}")


def _lines(model: ModelPlan, config: ModelConfig) -> Iterable[str]:
    spec = model.wanted
    source = spec.source
    experiment = f", experiment {spec.experiment_id[:12]}" if spec.experiment_id else ""
    yield f"{spec.model}  {model.change}: {model.reason}"
    yield f"  target   {spec.target} ({spec.target_reason})"
    yield f"  package  {spec.packaging}, Python {spec.python}, {spec.arch}"
    yield f"  model    {source.file_name}, {source.bytes / 1000:,.1f} kB{experiment}"
    yield f"  digests  release {_short(spec.release_digest)}, model {_short(spec.model_digest)}"
    for note in (*notes(config), *catch_notes(config)):
        yield f"  note     {note}"


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _explained(rows: Iterable[Default]) -> str:
    shown = [
        (row.key, "yours" if row.is_set else row.written, "" if row.is_set else row.reason)
        for row in rows
    ]
    return table(("KEY", "VALUE", "BECAUSE"), shown)


def _as_json(
    planned: DeploymentPlan,
    configs: Sequence[ModelConfig],
    environment: str | None,
    explain: bool,
) -> dict[str, object]:
    models = []
    for model, config in zip(planned.models, configs, strict=True):
        row = {**model.to_json(), "notes": list(notes(config)), "trial": trial_json(config)}
        if explain:
            row["defaults"] = [
                {"key": d.key, "default": d.written, "reason": d.reason, "set": d.is_set}
                for d in defaults(config)
            ]
        models.append(row)
    return {
        "environment": environment,
        "models": models,
        "would_change": None if planned.not_compared else planned.would_change,
        "not_compared": planned.not_compared,
    }
