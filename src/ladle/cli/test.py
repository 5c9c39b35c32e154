"""``ladle test [MODEL]``: the package is served here, and asked what it must and what it must survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.exercise_model import Fuzzed, GoldenResult, ask_golden, fuzz
from ladle.cli.output import answer, answer_json, say
from ladle.cli.served_package import environment_of, read_packages
from ladle.errors import ExitCode
from ladle.planning.service_spec import ServiceSpec
from ladle.project.golden_files import read_golden
from ladle.project.repository import find_root
from ladle.tools import processes
from ladle.tools.http_caller import HttpCaller
from ladle.tools.serving_process import ServingProcess

DEFAULT_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class _Tested:
    model: str
    golden: Sequence[GoldenResult]
    fuzzed: Fuzzed

    @property
    def is_good(self) -> bool:
        return not self.fuzzed.faulty and not any(result.differences for result in self.golden)


def test(
    model: Annotated[str | None, typer.Argument(help="The model; none: all of them.")] = None,
    requests: Annotated[
        int, typer.Option(help="Requests made from the schema.", min=0)
    ] = DEFAULT_REQUESTS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same requests.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Ask the served package its golden requests, and many that nobody should send."""
    root = find_root(Path.cwd())
    tested = [_tested(spec, requests, seed) for spec in read_packages(root, model)]
    if as_json:
        answer_json({"models": [_as_json(one) for one in tested]})
    else:
        for one in tested:
            _tell(one)
    return ExitCode.OK if all(one.is_good for one in tested) else ExitCode.FINDING


def _tested(spec: ServiceSpec, requests: int, seed: int) -> _Tested:
    cases = read_golden(Path(spec.folder))
    port = processes.free_port()
    with ServingProcess(environment_of(spec), port, quiet=True) as process:
        process.wait_until_ready()
        with HttpCaller(port) as ask:
            return _Tested(spec.model, ask_golden(ask, cases), fuzz(ask, requests, seed))


def _as_json(tested: _Tested) -> dict[str, Any]:
    fuzzed = tested.fuzzed
    return {
        "model": tested.model,
        "good": tested.is_good,
        "golden": [{"name": g.name, "differences": list(g.differences)} for g in tested.golden],
        "fuzz": {
            "seed": fuzzed.seed,
            "requests": fuzzed.requests,
            "by_status": {str(status): n for status, n in sorted(fuzzed.counts.items())},
            "faulty": fuzzed.faulty,
            "faults": [
                {"number": f.number, "text": f.text, "path": f.request.path} for f in fuzzed.faults
            ],
        },
    }


def _tell(tested: _Tested) -> None:
    answer(tested.model)
    right = sum(not result.differences for result in tested.golden)
    answer(f"  golden  {right} of {len(tested.golden)} answered as written")
    if not tested.golden:
        say('  put requests into golden/NAME.json: {"request": …, "answer": …}')
    for result in tested.golden:
        for text in result.differences:
            answer(f"    {result.name}: {text}")
    fuzzed = tested.fuzzed
    answered = sum(n for status, n in fuzzed.counts.items() if 200 <= status < 300)
    refused = fuzzed.requests - answered - fuzzed.faulty
    answer(
        f"  fuzz    {fuzzed.requests} requests: {answered} answered, {refused} refused, "
        f"{fuzzed.faulty} at fault"
    )
    for fault in fuzzed.faults:
        answer(
            f"    request {fault.number} of seed {fuzzed.seed}, {fault.request.path}: {fault.text}"
        )
