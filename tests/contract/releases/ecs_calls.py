"""A call of AWS that can be refused, and can be the last one before a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from botocore.exceptions import ClientError

Call = Callable[..., Any]


class Crashed(Exception):
    """The process ended here."""


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Fake")


def counted(call: Call) -> Call:
    """``world.crash_at``: odd numbers end before a call has done anything, even ones after it."""

    @wraps(call)
    def at_its_turn(self: Any, **arguments: Any) -> Any:
        self.world.next_step()
        done = call(self, **arguments)
        self.world.next_step()
        return done

    return at_its_turn


@dataclass
class Paginated:
    call: Call

    def paginate(self, **arguments: Any) -> Iterator[Any]:
        yield self.call(**arguments)


@dataclass
class Client:
    world: Any

    def get_paginator(self, name: str) -> Paginated:
        return Paginated(getattr(self, name))
