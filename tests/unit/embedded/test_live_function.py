"""The function that a door leads to names the home; another model's is none of ours."""

from __future__ import annotations

import pytest

from ladle.embedded.live_function import base_in

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:ladle-fraud"


@pytest.mark.parametrize(
    ("arn", "base"),
    [
        (f"{FUNCTION}:live", 0),
        (f"{FUNCTION}_8:live", 8),
        (f"{FUNCTION}_8", 8),
        (
            f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}_12/invocations",
            12,
        ),
        (f"{FUNCTION}-2:live", None),
        (f"{FUNCTION}-2_8:live", None),
        ("arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/a/b/c", None),
        ("", None),
    ],
)
def test_the_base_is_read_from_the_functions_name(arn: str, base: int | None) -> None:
    assert base_in("fraud", arn) == base
