"""Every event of a function is answered: what predicts straight away, all else by FastAPI."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ladle_runtime.serving import hot_route
from ladle_runtime.serving.event_shape import is_whole
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.spans import Spans

if TYPE_CHECKING:
    from mangum import Mangum

BEFORE_FREEZE_S: Final = 0.1  # that an answer waits at most for its span to leave
_TEXT: Final = ("text/", "application/json", "application/problem+json")


class LambdaDoors:
    """A handler as Lambda calls it; FastAPI is imported by the first event that needs it."""

    def __init__(self, service: Service, spans: Spans | None = None) -> None:
        self._service = service
        self._spans = spans

    def __call__(self, event: Any, context: Any) -> Any:
        """Never raises."""
        answered = self._answer(event, context)
        if self._spans is not None:
            self._spans.flush(BEFORE_FREEZE_S)
        return answered

    def _answer(self, event: Any, context: Any) -> Any:
        answered = hot_route.answer(event, self._service)
        if answered is not None:
            return answered
        try:
            return self._app(event, context) if is_whole(event) else hot_route.no_event()
        except Exception:  # noqa: BLE001 - the app answers its own failures; this is Mangum's
            return hot_route.no_event()

    @cached_property
    def _app(self) -> Mangum:
        from mangum import Mangum

        from ladle_runtime.serving.app import build_app

        return Mangum(build_app(self._service), lifespan="off", text_mime_types=list(_TEXT))
