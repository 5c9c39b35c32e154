"""What scripts/live reads of AWS's price list, against answers of the form that the list has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.live.ask_prices import EC2, LINUX, usd_of


def product(*usd: str) -> str:
    dimensions = {f"D{n}": {"pricePerUnit": {"USD": each}} for n, each in enumerate(usd)}
    return json.dumps({"terms": {"OnDemand": {"T": {"priceDimensions": dimensions}}}})


class PriceList:
    """Answers every question with the same products, and keeps what it was asked."""

    def __init__(self, *products: str) -> None:
        self.products = list(products)
        self.asked: Sequence[Mapping[str, str]] = ()

    def get_products(self, *, ServiceCode: str, Filters: Sequence[Mapping[str, str]]) -> Any:  # noqa: N803
        assert ServiceCode == EC2
        self.asked = Filters
        return {"PriceList": self.products}


def test_a_machine_is_asked_for_by_its_usage_in_the_region_of_our_prices() -> None:
    listed = PriceList(product("1.0060000000"))
    assert usd_of(listed, EC2, "BoxUsage:g5.xlarge", LINUX) == 1.006
    fields = {each["Field"]: each["Value"] for each in listed.asked}
    assert fields["usagetype"] == "BoxUsage:g5.xlarge"
    assert fields["regionCode"] == "us-east-1"
    assert fields.keys() > LINUX.keys()


def test_what_is_not_in_the_list_has_no_price() -> None:
    assert usd_of(PriceList(), EC2, "BoxUsage:g5.xlarge", LINUX) is None
    only_reserved = json.dumps({"terms": {"Reserved": {}}})
    assert usd_of(PriceList(only_reserved), EC2, "BoxUsage:g5.xlarge", LINUX) is None


def test_two_prices_of_one_thing_are_refused() -> None:
    with pytest.raises(AssertionError, match=r"1\.0, 2\.0"):
        usd_of(PriceList(product("1.0"), product("2.0")), EC2, "BoxUsage:g5.xlarge", LINUX)


def test_capacity_that_was_paid_before_is_no_price() -> None:
    listed = PriceList(product("0.0000000000"), product("1.0060000000"))
    assert usd_of(listed, EC2, "BoxUsage:g5.xlarge", LINUX) == 1.006
