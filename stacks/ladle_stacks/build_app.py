"""A repository's models become one platform stack and one stack each, with no question to AWS."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk

from ladle.cli.output import show_findings
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.project.pinned_lock import place_of, read_lock
from ladle.project.repository import ModelPackage, find_root
from ladle.project.services import read_services
from ladle_stacks.extra import extended, read_extension
from ladle_stacks.host import Host
from ladle_stacks.left_home import keep_left
from ladle_stacks.model_stack import ModelStack
from ladle_stacks.platform_stack import PlatformStack


def build_app(model_packages: str | Path) -> cdk.App:
    """The app of the repository that holds ``model_packages``; add stacks of your own to it.

    Ends the process with every mistake of every config, and no traceback, when there are any.
    """
    root = Path(model_packages).resolve().parent
    app = cdk.App(analytics_reporting=False)
    host = Host.of_app(app, root)
    try:
        return describe(app, host, read_specs(root, host), root)
    except LadleError as error:
        show_findings(error.findings)
        sys.exit(int(error.exit_code))


def read_specs(root: Path, host: Host) -> Sequence[ServiceSpec]:
    cloud = Cloud.EMBEDDED if host.embedded else Cloud.AWS
    return read_services(root, cloud, _signature, host.environment, known=host.locks)


def _signature(path: Path) -> Signature:
    """Only of a model that is given by path; a pinned one has it in its manifest."""
    from ladle.tools.known_signatures import signature_of

    return signature_of(path, find_root(path.parent))


def describe(
    app: cdk.App, host: Host, specs: Sequence[ServiceSpec], root: Path | None = None
) -> cdk.App:
    """With what the repository at ``root`` adds to each model's stack, if it adds anything."""
    platform, extend = PlatformStack(app, host), read_extension(root) if root else None
    for spec in specs:
        stack = ModelStack(app, host, spec)
        stack.add_stack_dependency(platform)
        _say_if_unlocked(stack, host, spec)
        if root is not None and extend is not None:
            extended(root, extend, stack, spec)
        keep_left(stack, spec)
    return app


def _say_if_unlocked(stack: cdk.Stack, host: Host, spec: ServiceSpec) -> None:
    """Nobody was asked what serves the releases that are there: this one may be of another runtime."""
    if host.ledger_asked or spec.built_with is None:
        return
    cloud = Cloud.EMBEDDED if host.embedded else Cloud.AWS
    if read_lock(ModelPackage(Path(spec.folder)), place_of(cloud, host.environment)) is None:
        cdk.Annotations.of(stack).add_warning_v2(
            "ladle:unlocked",
            f"pinned.json of {spec.model} says nothing of its releases, so this one takes the serving "
            f"runtime {spec.built_with}, target {spec.target} and packaging {spec.packaging}. Where "
            "others serve already, run ladle deploy, which asks the ledger, and commit pinned.json.",
        )
