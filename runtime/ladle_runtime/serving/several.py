"""A list of models that one process serves: each is told to it as a process of its own would be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ladle.errors import LadleError
from ladle.quality.labels import LabelValue, Noted
from ladle.quality.lines import RequestLine
from ladle_runtime.serving.events import EventLog, Style
from ladle_runtime.serving.pace import Pace, measure
from ladle_runtime.serving.service import Service, load_service
from ladle_runtime.serving.settings import Bundle, Settings
from ladle_runtime.serving.spans import Spans

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ladle.ports import Clock
    from ladle.sigv4 import Credentials
    from ladle_runtime.serving.kept_files import KeptFiles

Key = tuple[str, int]  # model, release
_CODE: Final = "py"  # of ladle.catalog.BACKENDS


@dataclass(frozen=True, slots=True)
class Several:
    """``latest`` is the release that a name alone means."""

    settings: Mapping[Key, Settings]

    @property
    def latest(self) -> Mapping[str, int]:
        return dict(sorted(self.settings))

    @classmethod
    def read(cls, list_file: str, env: Mapping[str, str]) -> Several:
        """``list_file`` is a JSON list of environments, each laid over ``env``.

        Raises LadleError LD422 (incomplete), LD439 (they cannot share a process).
        """
        try:
            listed = json.loads(Path(list_file).read_bytes())
            found = [Settings.from_environment({**env, **each}) for each in listed]
        except (OSError, ValueError, TypeError) as error:
            raise _unshared(f"{list_file} is no JSON list of environments") from error
        by_key = {(each.model, each.release): each for each in found}
        if len(by_key) != len(found) or not found:
            raise _unshared(f"{list_file} names no model, or one release twice")
        for each in found:
            # Two packages may each have a features.py, and a process imports one.
            if each.transform is not None or each.backend == _CODE or each.secrets is not None:
                raise _unshared(f"{each.model} has code or secrets of its own")
        return cls(by_key)


class StyleByModel:
    """The lines of each model in its own style: its key signs them."""

    def __init__(self, styles: Mapping[str, Style]) -> None:
        self._styles = styles

    def text(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> str:
        return self._styles[line.model].text(line, outcomes)


@dataclass(frozen=True, slots=True)
class Loader:
    """Its two steps run in a thread, and what is between them knows how much room a model takes."""

    files: KeptFiles
    credentials: Callable[[], Credentials]  # asked for each fetch: those of the start may be over
    clock: Clock
    log: EventLog
    spans: Spans | None = None

    def file(self, settings: Settings) -> AbstractContextManager[Path]:
        """Where the model lies on this disk until the context ends; fetched when it is entered."""
        if isinstance(settings.model_at, Bundle):
            asked = replace(settings.model_at, credentials=self.credentials())
            return self.files.file(asked)
        return nullcontext(Path(settings.model_at))

    def load(self, settings: Settings, file: Path) -> tuple[Service, Pace]:
        """Raises LadleError. A fetched file is believed by the hash that was released."""
        at = settings.model_at
        sha256 = at.sha256 if isinstance(at, Bundle) else settings.model_sha256
        here = replace(settings, model_at=str(file), model_sha256=sha256)
        service = load_service(here, self.clock, self.log, self.spans)
        return service, measure(service.run, service.signature.inputs)


def room_bytes(env: Mapping[str, str], name: str) -> int:
    """Raises LadleError LD422."""
    said = env.get(name, "1024")
    if not said.isdecimal():
        raise LadleError("LD422", f"{name} is no number of megabytes", f"{name}=1024")
    return int(said) * 1_000_000


def _unshared(why: str) -> LadleError:
    return LadleError(
        "LD439",
        f"these models cannot share a server: {why}",
        "serve it from a process of its own; `ladle explain LD439`",
    )
