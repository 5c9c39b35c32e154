"""``ladle simulate``: a whole rollout in seconds, decided by the code that decides in production."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.release_words import evidence_lines
from ladle.cli.switches import AsJson, Environment
from ladle.config.amounts import written
from ladle.config.schema import ModelConfig
from ladle.errors import UsageError
from ladle.planning.resolve import rollout_policy
from ladle.policy.rollout import RolloutPolicy
from ladle.project.repository import find_root
from ladle.project.services import named, read_configs
from ladle.simulation.read_scenario import read_scenario, shipped_scenarios
from ladle.simulation.rehearsal import Rehearsal
from ladle.simulation.report import Report, report
from ladle.simulation.scenario import Scenario
from ladle.why.words import count, plural, span

DAY_S = 86_400


def simulate(
    model: Annotated[str | None, typer.Argument(help="The model whose policy is tried.")] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME|FILE.yaml", help="What happens.")
    ] = "bad-model",
    seed: Annotated[
        int | None, typer.Option("--seed", help="Plays the same rollout again; none: a new one.")
    ] = None,
    environment: Environment = None,
    scenarios: Annotated[
        bool, typer.Option("--scenarios", help="List the scenarios that there are.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play a rollout on a simulated clock with the deployed decision code and MODEL's own policy."""
    if scenarios:
        _list(as_json)
        return
    if model is None:
        raise UsageError("LD814", "MODEL is missing: whose policy?", "ladle simulate MODEL")
    config = _config(model, environment)
    played = read_scenario(scenario)
    policy = rollout_policy(config)
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    per_s = config.traffic.expected_per_day / DAY_S
    rehearsal = Rehearsal(model, policy, played, per_s, seed)
    rehearsal.play()
    told = report(rehearsal)
    rate = per_s if played.requests_per_s is None else played.requests_per_s
    if as_json:
        head = {"model": model, "scenario": scenario, "seed": seed, "requests_per_s": rate}
        answer_json({**head, **told.to_json()})
        return
    answer("\n".join(_lines(model, scenario, seed, played, policy, rate, told)))
    if policy.labels_expected or not _is_about_answers(played):
        return
    say(f"note: nothing watches the answers of {model}: labels.sources of its config is empty")


def _list(as_json: bool) -> None:
    known = {name: scenario.about for name, scenario in shipped_scenarios().items()}
    if as_json:
        answer_json({"scenarios": known})
    else:
        answer(table(("SCENARIO", "WHAT HAPPENS"), list(known.items())))


def _config(model: str, environment: str | None) -> ModelConfig:
    [(_, config)] = named(read_configs(find_root(Path.cwd()), environment), [model])
    return config


def _is_about_answers(scenario: Scenario) -> bool:
    behaviours = [scenario.candidate, *(c.candidate for c in scenario.changes)]
    return any(b.wrong is not None for b in behaviours)


def _lines(
    model: str,
    name: str,
    seed: int,
    scenario: Scenario,
    policy: RolloutPolicy,
    requests_per_s: float,
    told: Report,
) -> Iterator[str]:
    again = f"ladle simulate {model} --scenario {os.path.relpath(name) if '/' in name else name}"
    yield f"{model}, {name}: {scenario.about}" if scenario.about else f"{model}, {name}"
    yield (
        f"{requests_per_s:.3g} requests/s, canary {policy.canary_percent:g} %, "
        f"bake {written(policy.bake_s)}, max {written(policy.max_s)}, "
        f"holdback {written(policy.holdback_s)}"
    )
    yield ""
    for step in told.timeline:
        yield f"{span(step.at_s):>8}  {step.text}"
    yield ""
    yield f"after {span(told.seconds)}: {_outcome(told)}"
    yield (
        f"the candidate served {plural(told.candidate_requests, 'request')}, "
        f"{count(told.bad_requests)} of them while it was worse; "
        f"{count(told.candidate_failed)} failed"
    )
    if told.evidence is not None:
        yield from (f"  {line}" for line in list(evidence_lines(told.evidence))[1:])
    yield f"log e {told.log_e:.2f} of {told.log_e_limit:.2f}; again: {again} --seed {seed}"


def _outcome(told: Report) -> str:
    stands = f"{told.phase}: {told.reason}" if told.phase != "STABLE" and told.reason else None
    if told.rolled_back is not None:
        first = f"rolled back from release {told.rolled_back.release} to {told.rolled_back.to}"
        more = f", {told.rollbacks} times in all" if told.rollbacks > 1 else ""
        return f"{first}{more}" + (f"; {stands}" if stands else "")
    return "promoted" if told.promoted else stands or f"not promoted, {told.phase}"
