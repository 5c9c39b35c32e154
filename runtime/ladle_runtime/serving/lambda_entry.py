"""The function on Lambda: loads its release while it starts, then answers events.

What fails at import is an init failure that the platform reports; nothing here hides it.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ladle.disk.clock import SystemClock
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.event_shape import is_whole
from ladle_runtime.serving.events import DirectLog
from ladle_runtime.serving.service import load_service
from ladle_runtime.serving.settings import Settings

if TYPE_CHECKING:
    from mangum import Mangum

_SETTINGS: Final = Settings.from_environment(os.environ)
_SERVICE: Final = load_service(_SETTINGS, SystemClock(), DirectLog(_SETTINGS.log_key))


def handle(event: Any, context: Any) -> Any:
    """Every event; FastAPI is imported by the first one that is not ``POST /predict``."""
    answered = hot_route.answer(event, _SERVICE)
    return answered if answered is not None else _elsewhere(event, context)


def _elsewhere(event: Any, context: Any) -> Any:
    mangum = _every_other_route()
    try:
        return mangum(event, context) if is_whole(event) else hot_route.no_event()
    except Exception:  # noqa: BLE001 - the app's own failures are answered inside
        return hot_route.no_event()


@cache
def _every_other_route() -> Mangum:
    from mangum import Mangum

    from ladle_runtime.serving.app import build_app

    text = ["text/", "application/json", "application/problem+json"]
    return Mangum(build_app(_SERVICE), lifespan="off", text_mime_types=text)
