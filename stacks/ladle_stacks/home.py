"""What is a home's own is made in a scope of its own, so that two homes fit into one stack."""

from __future__ import annotations

from constructs import Construct

from ladle import names
from ladle.planning.service_spec import ServiceSpec


def home_of(stack: Construct, spec: ServiceSpec) -> Construct:
    """A model's first home is the stack itself. Later ones keep their scope, also when they are alone."""
    if not spec.base:
        return stack
    scope = names.home_scope(spec.base)
    found = stack.node.try_find_child(scope)
    return found if isinstance(found, Construct) else Construct(stack, scope)
