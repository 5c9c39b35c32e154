"""A check is a row of docs/live-checks.md: asked of AWS here, or left to a person with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.live.place import Place

Ask = Callable[["Place"], str]


class Needs(StrEnum):
    """What not every account has, and so must be said: an option of ``scripts/live``."""

    GPU = "gpu"
    TRAINING_IMAGE = "training-image"
    BASE_IMAGES = "base-images"


@dataclass(frozen=True, slots=True)
class Check:
    """``ask`` returns the evidence, and raises where the belief does not hold. ``here``: the embedded
    AWS can be asked too, which proves the check and not the belief. ``by_hand`` says why a person
    asks it.
    """

    id: str
    ask: Ask | None = None
    here: bool = False
    needs: Needs | None = None
    by_hand: str = ""

    @property
    def section(self) -> str:
        return self.id.partition(".")[0]


CHECKS: dict[str, Check] = {}


def asked(id_: str, *, here: bool = False, needs: Needs | None = None) -> Callable[[Ask], Ask]:
    def add(ask: Ask) -> Ask:
        CHECKS[id_] = Check(id_, ask, here, needs)
        return ask

    return add


def by_hand(reasons: Mapping[str, str]) -> None:
    CHECKS.update({id_: Check(id_, by_hand=reason) for id_, reason in reasons.items()})
