"""What a door is led to answers already; what only starts is waited for, what never will is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from tests.contract.releases.conftest import CountedFromOne
from tests.contract.releases.ecs_router import Patient as PatientOnEcs
from tests.contract.releases.sagemaker_router import Patient as PatientOnSageMaker

from ladle.errors import LadleError, NotFound
from ladle.ports import HomeRouter, TrafficRouter

MODEL = "contract"
Router = tuple[TrafficRouter, Callable[[], object]]
STAGED = ("sagemaker", "serverless")


@pytest.fixture(params=[pytest.param("ministack", marks=pytest.mark.embedded), "ecs", *STAGED])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(router: Router) -> HomeRouter:
    """The adapter itself, with all traffic on release 1."""
    traffic, publish = router
    publish()
    match traffic:
        case PatientOnEcs(router=own) | PatientOnSageMaker(router=own) | CountedFromOne(home=own):
            return cast("HomeRouter", own)
    raise TypeError(f"nothing is inside of {traffic}")


def test_what_has_all_traffic_is_ready(home: HomeRouter) -> None:
    assert home.is_ready(MODEL, 1)


def test_what_does_not_exist_never_will_be(home: HomeRouter) -> None:
    with pytest.raises(NotFound):
        home.is_ready(MODEL, 99)


@pytest.mark.parametrize("adapter", ["ecs"])
def test_tasks_that_rest_are_started_and_waited_for(router: Router, home: HomeRouter) -> None:
    assert not home.is_ready(MODEL, 2)
    assert isinstance(router[0], PatientOnEcs)
    router[0].pass_time()
    assert home.is_ready(MODEL, 2)


@pytest.mark.parametrize("adapter", STAGED)
def test_what_cannot_be_stopped_is_as_it_should_be(home: HomeRouter) -> None:
    with pytest.raises(LadleError, match="LD519"):
        home.switch(MODEL, False)
    assert home.switched(MODEL, False)
