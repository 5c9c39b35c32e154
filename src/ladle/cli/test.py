"""``ladle test [MODEL]``: the package is served here, and asked what it must and what it must survive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.exercise_model import Ask, Fuzzed, GoldenResult, ask_golden, fuzz
from ladle.actions.measure_model import measure, quantile
from ladle.cli.output import answer, answer_json, say
from ladle.cli.plan_words import measured_words
from ladle.cli.served_package import environment_of, read_packages
from ladle.cli.switches import AsJson
from ladle.errors import ExitCode
from ladle.planning.golden import GoldenRequest
from ladle.planning.service_spec import ServiceSpec
from ladle.project.golden_files import read_golden
from ladle.project.measured_file import MEASURED, write_measured
from ladle.project.repository import find_root
from ladle.targets.sizes import Measured
from ladle.tools import processes
from ladle.tools.http_caller import HttpCaller
from ladle.tools.serving_process import ServingProcess

DEFAULT_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class _Tested:
    model: str
    golden: Sequence[GoldenResult]
    fuzzed: Fuzzed
    measured: Measured | None

    @property
    def is_good(self) -> bool:
        return not self.fuzzed.faulty and not any(result.differences for result in self.golden)


def test(
    model: Annotated[str | None, typer.Argument(help="The model; none: all of them.")] = None,
    requests: Annotated[
        int, typer.Option(help="Requests made from the schema.", min=0)
    ] = DEFAULT_REQUESTS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same requests.")] = 0,
    measuring: Annotated[
        bool,
        typer.Option("--measure", help="Write memory and latency into the package, for plans."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Ask the served package its golden requests, and many that nobody should send."""
    root = find_root(Path.cwd())
    tested = [_tested(spec, requests, seed, measuring) for spec in read_packages(root, model)]
    if as_json:
        answer_json({"models": [_as_json(one) for one in tested]})
    else:
        for one in tested:
            _tell(one)
    return ExitCode.OK if all(one.is_good for one in tested) else ExitCode.FINDING


def _tested(spec: ServiceSpec, requests: int, seed: int, measuring: bool) -> _Tested:
    cases = read_golden(Path(spec.folder))
    port = processes.free_port()
    with ServingProcess(environment_of(spec), port, quiet=True) as process:
        process.wait_until_ready()
        with HttpCaller(port) as ask:
            golden = ask_golden(ask, cases)
            measured = _measured(spec, process, ask, cases) if measuring else None
            return _Tested(spec.model, golden, fuzz(ask, requests, seed), measured)


def _measured(
    spec: ServiceSpec, process: ServingProcess, ask: Ask, cases: Sequence[GoldenRequest]
) -> Measured:
    """Before anything hostile is sent, which would count as memory; written where plans look."""
    seconds = measure(ask, cases, time.perf_counter)
    p50_ms, p99_ms = (round(1000 * quantile(seconds, share), 3) for share in (0.5, 0.99))
    found = Measured(spec.model_digest, process.peak_mb, p50_ms, p99_ms, len(seconds))
    write_measured(Path(spec.folder), found)
    return found


def _as_json(tested: _Tested) -> dict[str, Any]:
    fuzzed = tested.fuzzed
    return {
        "model": tested.model,
        "good": tested.is_good,
        "measured": asdict(tested.measured) if tested.measured else None,
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
    if tested.measured is not None:
        answer(f"  took    {measured_words(tested.measured)}; see {MEASURED}")
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
