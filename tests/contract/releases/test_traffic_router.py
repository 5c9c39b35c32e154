"""Traffic moves only from the revision that was read, and only to versions that exist."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.contract.releases.conftest import ADAPTERS

from ladle.errors import Conflict, NotFound
from ladle.policy.traffic import Traffic
from ladle.ports import TrafficRouter

MODEL = "contract"
Router = tuple[TrafficRouter, Callable[[], None]]
Needs = Callable[[str], None]


@pytest.fixture(
    params=[
        *ADAPTERS,
        "second home on moto",
        pytest.param("second home on ministack", marks=pytest.mark.embedded),
        "behind one door",
        "behind one door on moto",
        "behind a REST API on moto",
        "ecs",
        "ecs on moto",
        "sagemaker",
        "sagemaker on moto",
        "serverless",
        "serverless on moto",
        "sagemaker behind a REST API",
        "sagemaker behind a REST API on moto",
        "serverless behind a REST API",
        "serverless behind a REST API on moto",
    ]
)
def adapter(request: pytest.FixtureRequest) -> str:
    """Of the other ports of this folder, these targets have no adapter of their own."""
    return str(request.param)


def _revision(router: TrafficRouter) -> str:
    observed = router.read(MODEL)
    assert observed is not None
    return observed.revision


def test_without_an_alias_there_is_no_traffic(router: Router) -> None:
    assert router[0].read(MODEL) is None


def test_what_was_written_is_read(router: Router, needs: Needs) -> None:
    needs("keeps a share of a stage")
    traffic, publish = router
    publish()
    for wanted in (Traffic(1, 2, 0.1), Traffic(2, 1, 0.05), Traffic(3)):
        traffic.write(MODEL, wanted, _revision(traffic))
        observed = traffic.read(MODEL)
        assert observed is not None
        assert wanted.reads_like(observed.traffic)


def test_one_release_at_100_percent_clears_the_old_weights(router: Router, needs: Needs) -> None:
    needs("keeps a share of a stage")
    traffic, publish = router
    publish()
    traffic.write(MODEL, Traffic(1, 2, 0.5), _revision(traffic))
    traffic.write(MODEL, Traffic(1), _revision(traffic))
    observed = traffic.read(MODEL)
    assert observed is not None
    assert observed.traffic == Traffic(1)


def test_each_write_has_a_new_revision(router: Router, needs: Needs) -> None:
    needs("changes the revision with each write")
    traffic, publish = router
    publish()
    before = _revision(traffic)
    traffic.write(MODEL, Traffic(2), before)
    assert _revision(traffic) != before


def test_a_stale_revision_is_turned_away(router: Router, needs: Needs) -> None:
    needs("refuses a stale revision")
    traffic, publish = router
    publish()
    stale = _revision(traffic)
    traffic.write(MODEL, Traffic(2), stale)
    with pytest.raises(Conflict):
        traffic.write(MODEL, Traffic(3), stale)
    observed = traffic.read(MODEL)
    assert observed is not None
    assert observed.traffic == Traffic(2)


@pytest.mark.parametrize("wanted", [Traffic(99), Traffic(1, 99, 0.1)])
def test_a_version_that_does_not_exist_gets_no_traffic(
    router: Router, needs: Needs, wanted: Traffic
) -> None:
    needs("refuses a version that does not exist")
    traffic, publish = router
    publish()
    with pytest.raises(NotFound):
        traffic.write(MODEL, wanted, _revision(traffic))


def test_a_release_that_answers_can_start(router: Router, needs: Needs) -> None:
    needs("runs a function")
    traffic, publish = router
    publish()
    assert traffic.can_start(MODEL, 2)


def test_a_release_that_does_not_exist_cannot_start(router: Router, needs: Needs) -> None:
    needs("runs a function")
    traffic, publish = router
    publish()
    assert not traffic.can_start(MODEL, 99)
