"""``ladle doctor``: what a deploy would lack on this machine and in the account, each with its mend."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ladle.catalog import Packaging
from ladle.cli.deployment import Deployment, Found, deployment_of
from ladle.cli.init import TEMPLATE
from ladle.cli.output import answer, answer_json, say
from ladle.cli.plan import inspect
from ladle.cli.served_package import environment_of
from ladle.cli.switches import AsJson, Environment
from ladle.config.schema import ModelConfig
from ladle.errors import ExitCode, LadleError, NeedsCredentials
from ladle.planning import health
from ladle.planning.health import Health, State, failure, fine
from ladle.planning.quotas import quotas
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.usage import stated
from ladle.policy.lock import Lock, Runtime
from ladle.project.kept_runtimes import is_here
from ladle.project.repository import ModelPackage, find_root
from ladle.project.services import code_of, kept, read_configs, read_service
from ladle.project.settings import builds_elsewhere
from ladle.project.staging import brought_wheels, keeps_other_wheels
from ladle.tools import machine, processes
from ladle.tools.serving_process import ServingProcess
from ladle.wiring import DEFAULT_URL, open_account, workspace_url

Models = Sequence[tuple[ServiceSpec, ModelConfig]]


def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Ask AWS too: who we are, bootstrap, quotas.")
    ] = False,
    environment: Environment = None,
    as_json: AsJson = False,
) -> int:
    """Find what a deploy would lack, each with one thing to mend it. Changes nothing."""
    found: list[Health] = []
    for one in _examined(Path.cwd(), environment, online):
        found.append(one)
        if not as_json:
            _show(one)
    counts = {state: sum(one.state is state for one in found) for state in State}
    if as_json:
        answer_json(
            {
                "checks": [one.to_json() for one in found],
                "failures": counts[State.FAILURE],
                "warnings": counts[State.WARNING],
            }
        )
    else:
        answer(", ".join(_counted(number, state) for state, number in counts.items() if number))
    return ExitCode.FINDING if counts[State.FAILURE] else ExitCode.OK


def _counted(number: int, state: State) -> str:
    return f"{number} {state}{'s' * (number > 1 and state is not State.OK)}"


def _show(one: Health) -> None:
    answer(f"{one.state:<8} {one.name:<14} {one.said}")
    if one.mend is not None:
        answer(f"{'':<23} mend: {one.mend}")


def _examined(here: Path, environment: str | None, online: bool) -> Iterator[Health]:
    to = Deployment(here, workspace_url(here))
    models: Models = ()
    absent: Mapping[str, Runtime] = {}
    try:
        root = find_root(here)
        to = Deployment(root, workspace_url(root))
        found = read_configs(root, environment)
        to = deployment_of(root, found, environment)
        absent = _absent(to, found)
        models = tuple(_models(to, found, absent))
    except LadleError as error:
        yield from (failure("models", str(one), one.fix) for one in error.findings)
    yield from _machine(to.root, models)
    for model, runtime in absent.items():
        yield health.absent(f"runtime {model}", f"the serving runtime {runtime} is not here")
    for spec in (spec for spec, _ in models if spec.packaging is Packaging.ZIP):
        if spec.model not in absent:
            yield _wheels(spec, to)
    yield from _account(to, models, online)
    for spec, _ in models:
        yield _serving(spec)


def _absent(to: Deployment, found: Found) -> Mapping[str, Runtime]:
    """By model, the runtimes of earlier releases that a deploy would have to bring."""
    return {
        config.name: lock.runtime
        for _, config, lock in _locked(to, found)
        if lock and lock.runtime and not is_here(to.root, lock.runtime)
    }


def _locked(
    to: Deployment, found: Found
) -> Iterator[tuple[ModelPackage, ModelConfig, Lock | None]]:
    for package, config in found:
        yield package, config, kept(package, config, to.cloud, to.environment)


def _models(
    to: Deployment, found: Found, absent: Mapping[str, Runtime]
) -> Iterator[tuple[ServiceSpec, ModelConfig]]:
    """One whose runtime is not here is examined with this Ladle's."""
    for package, config, lock in _locked(to, found):
        known = replace(lock, runtime=None) if lock and config.name in absent else lock
        yield read_service(package, config, to.cloud, inspect, to.root, known), config


def _machine(root: Path, models: Models) -> Iterator[Health]:
    images = [spec.model for spec, _ in models if spec.packaging is Packaging.IMAGE]
    wanted = json.loads((TEMPLATE / "package.json").read_text(encoding="utf-8"))
    running, stopped = machine.engines()
    yield health.python((sys.version_info.major, sys.version_info.minor))
    yield health.git(machine.version_of("git"), machine.in_git(root))
    yield health.node(machine.version_of("node"))
    yield health.cdk(machine.cdk_version(root), wanted["devDependencies"]["aws-cdk"])
    yield health.engine(running, stopped, images, builds_elsewhere(root))


def _wheels(spec: ServiceSpec, to: Deployment) -> Health:
    """Those that the zip would hold; the embedded AWS runs it with the Python of this machine."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = here if to.cloud is Cloud.EMBEDDED else spec.python
    code = code_of(spec, to.root)
    try:
        brought_wheels(code, to.root, python, spec.arch)
    except LadleError as error:
        if keeps_other_wheels(code.wheels, python, code.locks):
            return health.absent(f"wheels {spec.model}", error.finding.what)
        return health.wheels(spec.model, error.finding.what, spec.arch, spec.tracing)
    return health.wheels(spec.model, None, spec.arch)


def _account(to: Deployment, models: Models, online: bool) -> Iterator[Health]:
    url = to.url
    try:
        account = open_account(url)
        if account is None:
            runs = (
                "its own credentials, bootstrap and no quotas" if url == DEFAULT_URL else "no AWS"
            )
            yield fine("workspace", f"{url} has {runs}")
            return
        yield fine("workspace", url)
        account.signed_in()
        if not online:
            yield fine("credentials", "found; --online asks whose they are, bootstrap and quotas")
            return
        yield from _asked(account.account(), url, models, account)
    except NeedsCredentials as error:
        yield failure("credentials", error.finding.what, "aws sso login")
    except LadleError as error:
        yield failure("account", error.finding.what, error.finding.fix)


def _asked(name: str, url: str, models: Models, account: health.Account) -> Iterator[Health]:
    wanted, _, region = url.removeprefix("aws://").partition("/")
    if name != wanted:
        yield failure("credentials", f"of account {name}, not {wanted}", "export AWS_PROFILE=…")
        return
    yield fine("credentials", f"of account {name}")
    yield health.bootstrap(account.bootstrap(), name, region)
    used = [(spec, stated(spec, config.traffic)) for spec, config in models]
    for row in quotas(used):
        yield health.quota(row, account.quota(row.service, row.which), used)


def _serving(spec: ServiceSpec) -> Health:
    """Started once on this machine, as the function would be, and ended again."""
    name = f"model {spec.model}"
    say(f"starting {spec.model} to measure it")
    try:
        began = time.monotonic()
        with ServingProcess(environment_of(spec), processes.free_port(), quiet=True) as process:
            process.wait_until_ready()
            start_s, peak_mb = time.monotonic() - began, process.peak_mb
    except LadleError as error:
        return failure(name, error.finding.what, error.finding.fix)
    if peak_mb is None:
        return fine(
            name, f"starts in {start_s:.1f} s; this system does not tell its peak of memory"
        )
    return health.serving(spec.model, start_s, peak_mb, spec.compute.memory_mb, spec.target)
