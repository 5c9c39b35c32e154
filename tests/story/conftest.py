"""May touch: everything on this machine: `ladle` as a person types it, on the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.story.stage import EMBEDDED, Stage, need_setup, throwaway

from ladle.aws.stack_reader import AwsStackReader
from ladle.embedded import lifecycle

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process plays all stories, one after the other: they share a stage, and the machine."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("story"))


@pytest.fixture(scope="session")
def stage(root: Path) -> Iterator[Stage]:
    """The platform, deployed once; each test brings models of its own names."""
    need_setup(root)
    with throwaway(root, "stage") as shop:
        stage = Stage(shop, lifecycle.up(shop.root))
        stage.packages()
        cdk = stage.cdk()
        cdk.bootstrap()
        cdk.deploy(["ladle-platform"], EMBEDDED)
        assert AwsStackReader(stage.session.cloudformation).exists("ladle-platform")
        yield stage
