"""One model: what serves it, what watches it, and who may move its traffic."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from constructs import Construct

from ladle import names
from ladle.catalog import TARGET_MODULES
from ladle.errors import LadleError
from ladle.planning.moving import STAGE, has_led_stage
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.settings import OUTPUT, settings_of, written
from ladle_stacks import arns, grants
from ladle_stacks.alarms import evidence_alarm
from ladle_stacks.ceilings import ceilings
from ladle_stacks.dashboard import dashboard
from ladle_stacks.home import home_of
from ladle_stacks.host import Host
from ladle_stacks.left_home import described, refuse_unmovable

Kind = TypeVar("Kind")


class ModelStack(cdk.Stack):
    """Needs the platform stack to be there, by fixed names; can be deleted before or after it."""

    def __init__(self, scope: Construct, host: Host, spec: ServiceSpec) -> None:
        name = names.model_stack(spec.model)
        super().__init__(
            scope,
            name,
            stack_name=name,
            description=f"Ladle: the model {spec.model}",
            tags={**spec.tags, "ladle:model": spec.model},
        )
        refuse_unmovable(spec)
        target = import_module(f"ladle_stacks.targets.{TARGET_MODULES[spec.target]}")
        alarm = evidence_alarm(self, spec)
        router = grants.router_role(self, spec)
        released: cdk.CfnResource = target.serve(self, host, spec)
        self._home = home_of(self, spec)
        # The controller starts at once: what it needs and what guards it are there before.
        released.node.add_dependency(alarm, router)
        first = described(self).keys()
        _people(self, spec)
        ceilings(self, spec, billed=not host.embedded)
        if spec.dashboard:
            dashboard(self, spec)
        if has_led_stage(spec):
            beside = (made for id_, made in described(self).items() if id_ not in first)
            for needed in (released, *beside):
                self.find(STAGE, cdk.CfnResource).add_resource_dependency(needed)
        said = "What this stack has beside its release, by section: ladle plan compares it"
        cdk.CfnOutput(self, OUTPUT, value=written(settings_of(spec)), description=said)

    def find(self, id_: str, kind: type[Kind]) -> Kind:
        """One of this stack's constructs by its id, as what it is: ``find("Function", CfnFunction)``. Of a
        model that has moved, that of where it is now.

        Raises LadleError LD235 with the ids that there are.
        """
        scopes = dict.fromkeys((self._home, self))
        for scope in scopes:
            found = scope.node.try_find_child(id_)
            if isinstance(found, kind):
                return found
        children = (child for scope in scopes for child in scope.node.children)
        known = ", ".join(sorted(c.node.id for c in children if isinstance(c, kind)))
        raise LadleError(
            "LD235",
            f"the stack {self.stack_name} has no {kind.__name__} called {id_}",
            f"use one of these: {known}" if known else "it has none of this type",
        )


def _people(scope: Construct, spec: ServiceSpec) -> None:
    """Whom the controller tells about this model: announcements carry its name."""
    for number, address in enumerate(spec.notify):
        protocol, _, endpoint = address.partition(":")
        sns.CfnSubscription(
            scope,
            f"Notify{number}",
            topic_arn=arns.topic(),
            protocol=_PROTOCOLS[protocol],
            endpoint=endpoint if protocol == "mailto" else address,
            filter_policy={names.NOTICE_ATTRIBUTE: [spec.model]},
        )


_PROTOCOLS = {"mailto": "email", "https": "https"}
