"""``ladle plan``: what a deploy would change, before any deploy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.plan_deploy import plan_deploy
from ladle.actions.read_usage import read_usage
from ladle.cli.deployment import Deployment, deployment_of
from ladle.cli.locks import locks_here, newer_runtime
from ladle.cli.money import line_rows, usd
from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.plan_words import defaults_lines, plan_lines, role_lines
from ladle.cli.switches import AsJson, Environment
from ladle.cli.trial_words import trial_json
from ladle.config.defaults import defaults
from ladle.config.notes import notes
from ladle.config.schema import ModelConfig
from ladle.disk.clock import SystemClock
from ladle.errors import ExitCode, LadleError, NeedsCredentials, Unavailable
from ladle.experiments.manifest import Signature
from ladle.planning import permissions
from ladle.planning.cost import platform
from ladle.planning.diff import uncompared
from ladle.planning.outlook import Outlook, outlook
from ladle.planning.plan import DeploymentPlan, ModelPlan
from ladle.planning.prices import prices
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.usage import Usage
from ladle.policy.lock import Runtime
from ladle.project.repository import find_root
from ladle.project.services import read_configs, read_locked
from ladle.wiring import open_workspace


@dataclass(frozen=True, slots=True)
class _Told:
    """All that is said of one model."""

    model: ModelPlan
    config: ModelConfig
    outlook: Outlook

    @property
    def newer(self) -> Runtime | None:
        """The runtime that ``ladle upgrade`` would bring."""
        return newer_runtime(self.model.wanted.built_with)


def plan(
    environment: Environment = None,
    as_json: AsJson = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Every default, with its reason.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 3 for what a deploy would change.")
    ] = False,
) -> int:
    """Say what a deploy would change, model by model. Changes nothing."""
    root = find_root(Path.cwd())
    found = read_configs(root, environment)
    to = deployment_of(root, found, environment)
    locks = locks_here(found, to)
    specs = [
        read_locked(package, config, to.cloud, inspect, root, environment, locks)
        for package, config in found
    ]
    planned, seen, failure = compare(specs, to)
    told = [
        _Told(model, config, outlook(model, config.traffic, prices(), seen.get(config.name)))
        for model, (_, config) in zip(planned.models, found, strict=True)
    ]
    if as_json:
        answer_json(_as_json(planned, told, environment, explain))
    else:
        _show(planned, told, explain)
        if (root / "stacks" / "extra.py").is_file():
            say("stacks/extra.py adds to these stacks what no line above counts")
    if planned.refused:
        return ExitCode.FINDING
    if exit_code and failure is not None:
        return failure.exit_code
    return ExitCode.WOULD_CHANGE if exit_code and planned.would_change else ExitCode.OK


def inspect(path: Path) -> Signature:
    """Of a model that is given by path."""
    from ladle.tools.known_signatures import signature_of

    return signature_of(path, find_root(path.parent))


def compare(
    specs: Sequence[ServiceSpec], to: Deployment
) -> tuple[DeploymentPlan, Mapping[str, Usage], LadleError | None]:
    """The plan, what was counted of each model, and why nothing could be, when nobody was there."""
    try:
        workspace = open_workspace(to.url, to.root)
        planned = plan_deploy(specs, workspace.ledger, to.stacks)
        now = SystemClock().now()
        counted = {
            spec.model: read_usage(workspace.ledger, workspace.counters, spec.model, now)[0]
            for spec in specs
        }
        return planned, {model: usage for model, usage in counted.items() if usage}, None
    except (Unavailable, NeedsCredentials) as error:
        return uncompared(specs, error.finding.what), {}, error


def _show(planned: DeploymentPlan, told: Sequence[_Told], explain: bool) -> None:
    known = prices()
    for one in told:
        answer("\n".join(plan_lines(one.model, one.config, one.outlook, known, one.newer)))
        if explain:
            answer(table(("FOR", "WHAT", "USD A MONTH"), line_rows(one.outlook.cost.lines)))
            answer(table(("KEY", "VALUE", "BECAUSE"), defaults_lines(defaults(one.config))))
    counts = Counter(model.change for model in planned.models)
    summary = ", ".join(f"{count} {change}" for change, count in counts.items()) or "no models"
    shared = sum(line.usd for line in platform(known))
    if explain:
        answer("\n".join(["what all models share", *role_lines(permissions.of_platform())]))
    answer(f"{summary}; what all models share costs {usd(shared)} a month")
    if planned.not_compared is not None:
        say(f"nothing could be compared with what is deployed: {planned.not_compared}")


def _as_json(
    planned: DeploymentPlan, told: Sequence[_Told], environment: str | None, explain: bool
) -> dict[str, object]:
    known, models = prices(), []
    for one in told:
        said = {"notes": list(notes(one.config)), "trial": trial_json(one.config)}
        newer = {"runtime_available": asdict(one.newer) if one.newer else None}
        row = {**one.model.to_json(), **one.outlook.to_json(), **said, **newer}
        if explain:
            row["defaults"] = [
                {"key": d.key, "default": d.written, "reason": d.reason, "set": d.is_set}
                for d in defaults(one.config)
            ]
        models.append(row)
    return {
        "environment": environment,
        "models": models,
        "prices": {"region": known.region, "checked": known.checked},
        "shared_usd_a_month": round(sum(line.usd for line in platform(known)), 6),
        "shared_permissions": [role.to_json() for role in permissions.of_platform()],
        "would_change": None if planned.not_compared else planned.would_change,
        "not_compared": planned.not_compared,
    }
