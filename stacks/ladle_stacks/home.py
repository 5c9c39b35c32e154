"""What is a home's own is made in a scope of its own, so that two homes fit into one stack."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from ladle import names
from ladle.planning.moving import logged_with
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import planning_of
from ladle_stacks.functions import lines_to_collector, log_group


def home_of(stack: Construct, spec: ServiceSpec) -> Construct:
    """A model's first home is the stack itself. Later ones keep their scope, also when they are alone."""
    return _scope(stack, spec.base)


def log_of(stack: Construct, spec: ServiceSpec) -> tuple[logs.CfnLogGroup, cdk.CfnResource]:
    """Where its lines go, and who reads them there: of the home that they came with, since several may
    share them.
    """
    base = logged_with(spec)
    if base is None:
        raise ValueError(f"each release of {spec.model} has a log of its own")
    scope, name = _scope(stack, base), planning_of(spec.target).log_group(spec)
    kept = log_group(scope, "Logs", name, spec.log_retention_days)
    return kept, lines_to_collector(scope, kept)


def _scope(stack: Construct, base: int) -> Construct:
    if not base:
        return stack
    scope = names.home_scope(base)
    found = stack.node.try_find_child(scope)
    return found if isinstance(found, Construct) else Construct(stack, scope)
