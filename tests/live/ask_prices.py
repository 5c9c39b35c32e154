"""Whether AWS's price list still asks what ``prices.toml`` says; it is read, and nothing is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.live.checks import asked, by_hand
from tests.live.clients import client
from tests.live.place import Place

from ladle.aws.session import AwsSession
from ladle.planning.prices import prices
from ladle.targets import ecs, sagemaker

EC2, SAGEMAKER = "AmazonEC2", "AmazonSageMaker"
LINUX = {"operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared"}
LEAST = 1e-9  # of a dollar: what two prices that are equal may differ by


@asked("prices.machines")
def the_list_asks_what_is_written(_: Place) -> str:
    wanted: dict[str, tuple[str, str, Mapping[str, str]]] = {
        f"machine_hour_{name}": (EC2, f"BoxUsage:{name}", LINUX) for name in ecs.machines()
    }
    wanted |= {
        f"machine_hour_{name}": (SAGEMAKER, f"USE1-Host:{name}", {})
        for name in sagemaker.machines()
    }
    wanted["serverless_gb_second"] = (SAGEMAKER, "USE1-ServerlessInf:Mem-1GB", {})
    return _compared({row: usd_of(_pricing(), *which) for row, which in wanted.items()})


@asked("prices.beside")
def the_list_asks_what_is_written_of_disks_and_data(_: Place) -> str:
    wanted: dict[str, tuple[tuple[str, str], ...]] = {
        "endpoint_gb_moved": tuple(
            (SAGEMAKER, f"USE1-Hst:Data-Bytes-{way}") for way in ("In", "Out")
        ),
        "endpoint_disk_gb_month": ((SAGEMAKER, "USE1-Host:VolumeUsage.gp2"),),
        "machine_disk_gb_month": ((EC2, "EBS:VolumeUsage.gp3"),),
    }
    found = [
        _compared({row: usd_of(_pricing(), *which, {})})
        for row, several in wanted.items()
        for which in several
    ]
    return f"{len(found)} prices are those of the list"


by_hand({"prices.disks": "only a bill tells how large they are"})


@asked("prices.async")
def an_asynchronous_endpoint_takes_each_machine(_: Place) -> str:
    return _compared(
        {
            f"machine_hour_{name}": usd_of(_pricing(), SAGEMAKER, f"USE1-AsyncInf:{name}", {})
            for name in sagemaker.machines()
        }
    )


def usd_of(pricing: Any, service: str, usage: str, more: Mapping[str, str]) -> float | None:
    """On demand; None where the list has no such thing."""
    fields = {"usagetype": usage, "regionCode": prices().region, **more}
    filters = [{"Type": "TERM_MATCH", "Field": f, "Value": v} for f, v in fields.items()]
    page = pricing.get_products(ServiceCode=service, Filters=filters)
    found = {usd for product in page["PriceList"] for usd in _on_demand(json.loads(product))}
    assert len(found) <= 1, f"{usage}: {sorted(found)}"
    return next(iter(found), None)


def _on_demand(product: Mapping[str, Any]) -> Iterator[float]:
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            if usd := float(dimension["pricePerUnit"]["USD"]):  # capacity that is reserved says 0
                yield usd


def _pricing() -> Any:
    return client(AwsSession(prices().region), "pricing")


def _compared(found: Mapping[str, float | None]) -> str:
    written = prices().usd
    wrong = [
        f"{row} is {'not in the list' if usd is None else usd}, and {written[row]:g} here"
        for row, usd in found.items()
        if usd is None or abs(usd - written[row]) > LEAST
    ]
    assert not wrong, "; ".join(wrong)
    return f"{len(found)} prices are those of the list"
