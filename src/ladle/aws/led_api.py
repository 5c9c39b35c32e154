"""A door is led to another home by one write, from the revision that was read, whichever kind of API it is.

API Gateway knows no conditional write: what was read is hashed, and read again right before the
write.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from botocore.exceptions import ClientError

from ladle import digest, names
from ladle.aws.faults import asking, code_of
from ladle.aws.model_apis import ModelApis, later_if_busy
from ladle.errors import Conflict, NotFound
from ladle.ports import LedTo

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

NOT_THERE: Final = "rehearsal"  # no API has such a part
_HOME: Final = names.home_integration(0).removesuffix("0")
_Sample = TypeVar("_Sample")


class Seen(Protocol):
    """What one read found of a door."""

    @property
    def led(self) -> LedTo: ...


_Door = TypeVar("_Door", bound=Seen)


class LedApi(ABC, Generic[_Door]):
    """The FrontDoor of models whose doors are of one kind; ``session_of`` gives what a model's role may use.
    ``refuses`` is how API Gateway says that there is no such part.
    """

    refuses: str

    def __init__(
        self, session_of: Callable[[str], AwsSession], apis: ModelApis | None = None
    ) -> None:
        self._session_of = session_of
        self._apis = apis or ModelApis(session_of)

    def read(self, model: str) -> LedTo | None:
        found = self._find(model)
        return found.led if found is not None else None

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        """A revision that none can have is a rehearsal: AWS looks at permissions first, and then finds that
        there is nothing to change.
        """
        found = self._find(model)
        if found is None:
            raise NotFound("LD505", f"{model} has no door to lead", "deploy it: ladle deploy")
        led = found.led
        if led.revision != expected_revision:
            if not expected_revision.startswith(digest.PREFIX):
                self._write(model, found, None)
            what = f"the door of {model} changed since it was read"
            raise Conflict("LD503", what, "read it again")
        if base not in led.ready:
            what = f"the door of {model} cannot lead to its home with base {base}"
            raise NotFound("LD505", what, "ladle deploy makes what it needs")
        self._write(model, found, base)

    def _find(self, model: str) -> _Door | None:
        api = self._apis.find(model)
        if api is None:
            return None
        with asking(f"for the door of {model}"):
            try:
                return self._look(model, api.id)
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise later_if_busy(error) from error
                self._apis.forget(model)
                return None

    def _write(self, model: str, door: _Door, base: int | None) -> None:
        with asking(f"to lead the door of {model} to another home"):
            try:
                self._patch(model, door, base)
            except ClientError as error:
                if base is None and code_of(error) == self.refuses:
                    return
                raise later_if_busy(error) from error

    @abstractmethod
    def _look(self, model: str, api: str) -> _Door | None:
        """None where it is none that can be led."""

    @abstractmethod
    def _patch(self, model: str, door: _Door, base: int | None) -> None:
        """Leads it to the home with ``base``; to a part that it has not where that is None."""


def by_base(described: Iterable[tuple[str, _Sample]]) -> dict[int, _Sample]:
    """What says in its description to whose home it leads, by the base of that home."""
    told = ((text.partition(_HOME), sample) for text, sample in described)
    return {
        int(base): sample
        for (before, home, base), sample in told
        if home and not before and base.isdigit()
    }
