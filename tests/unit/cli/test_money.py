"""The basis of a bill, as people read it."""

from __future__ import annotations

import pytest
from tests.unit.planning.specs import spec_of

from ladle.cli.money import basis, cost_lines, worst
from ladle.planning.cost import cost
from ladle.planning.prices import prices
from ladle.planning.usage import Usage, observed

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"


@pytest.mark.parametrize(("target", "says_more"), [("lambda", True), ("sagemaker", False)])
def test_slow_answers_are_told_where_they_make_the_worst_day_worse(
    target: str, says_more: bool
) -> None:
    found = cost(spec_of(f"{BARE}target: {target}\n"), Usage(1.0, 10.0, 5.0), prices())
    assert ("its whole time" in worst(found)) is says_more


def test_what_is_asked_in_vain_and_for_how_long_it_was_observed_is_told() -> None:
    seen = observed(requests=6_000, answers=[(10.0, 6_000)], seconds=60.0)
    assert seen is not None
    assert basis(cost(spec_of(BARE), seen, prices())) == (
        "month: 4,320,000 requests a day (observed for 60s: 8,640,000, of which no more get in), "
        "10 ms each (as counted)"
    )


def test_a_price_of_another_region_is_told_with_its_day_and_source() -> None:
    text = f"{BARE}target: sagemaker\ncompute: {{gpu: 1, instance_type: ml.g6.xlarge}}\n"
    *_, said = cost_lines(cost(spec_of(text), Usage(1.0, 10.0, 5.0), prices()), prices())
    assert said == (
        "ml.g6.xlarge's price is of us-east-2's list, 2026-09-25: "
        "https://aws.amazon.com/sagemaker/ai/pricing/"
    )
