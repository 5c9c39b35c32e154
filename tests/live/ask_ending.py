"""What is asked last: of all that was logged, and of the platform, which then is gone."""

from __future__ import annotations

from tests.live.ask_deploying import first
from tests.live.checks import asked
from tests.live.place import Place

from ladle import names
from ladle.aws.stacks import AwsStacks


@asked("deploying.roles")
def no_role_lacks_anything(place: Place) -> str:
    pages = place.session.logs.get_paginator("describe_log_groups")
    groups = [
        group["logGroupName"]
        for prefix in ("/ladle/", "/aws/lambda/ladle-")
        for page in pages.paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    ]
    denied = {group: lines[0] for group in groups if (lines := place.logged(group, "AccessDenied"))}
    assert not denied, denied
    return f"no AccessDenied in {len(groups)} logs; ask IAM Access Analyzer for what is too much"


@asked("deploying.platform-first", here=True)
def the_platform_goes_first(place: Place) -> str:
    name = place.once(first)
    stacks = AwsStacks(place.session.cloudformation)
    stacks.remove(names.PLATFORM_STACK)
    stacks.remove(names.model_stack(name))
    return "ladle-platform, then the stack of a model: both are gone"
