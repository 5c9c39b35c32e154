"""The same app on a port of this machine: ``ladle dev`` and containers. Ready when
``/v2/health/ready`` answers 200.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle_runtime.serving.container_credentials import with_credentials
from ladle_runtime.serving.events import DirectLog, QueuedLog, ReadableLog
from ladle_runtime.serving.http.asgi import App
from ladle_runtime.serving.http.server import MakeSite, Stopping, one_model, run
from ladle_runtime.serving.http.site import Site
from ladle_runtime.serving.pace import measure
from ladle_runtime.serving.service import Service, load_service
from ladle_runtime.serving.settings import Bundle, Settings, credentials_of
from ladle_runtime.serving.spans import Spans, open_spans

if TYPE_CHECKING:
    from ladle_runtime.serving.kept_files import MakeRoom

Outlets = Sequence[QueuedLog | Spans]  # what has last words when the server ends


def main() -> int:
    parser = argparse.ArgumentParser(description="Serves one model over HTTP, or several.")
    parser.add_argument("serve", nargs="?", choices=["serve"], help="the word that SageMaker says")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--dev", action="store_true", help="readable lines, a page, /feedback here")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input does: with its parent"
    )
    options = parser.parse_args()
    # The first process of a container is deaf to every signal that it handles not itself.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        serve = _several if "LADLE_MODELS" in os.environ else _one
        make_site, threads, outlets = serve(with_credentials(os.environ), options.dev)
    except LadleError as error:
        sys.stderr.write(f"{error}\n  help: {error.finding.fix}\n")
        return int(error.exit_code)
    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.collect()
    gc.freeze()  # what is here stays: no collection looks at it again
    stopping = Stopping(notice_s=0.0) if options.dev else Stopping()
    run(make_site, threads, options.host, options.port, stopping)
    for outlet in outlets:
        outlet.flush()
    return 0


def _one(env: Mapping[str, str], dev: bool) -> tuple[MakeSite, int, Outlets]:
    settings = Settings.from_environment(env)
    if settings.secrets is not None:
        from ladle_runtime.serving.secret_values import secret_values

        os.environ.update(secret_values(settings.secrets, SystemClock()))
    log = QueuedLog(ReadableLog() if dev else DirectLog(settings.log_key))
    spans = open_spans([settings], os.environ)
    service = load_service(settings, SystemClock(), log, spans)
    pace = measure(service.run, service.signature.inputs)
    make_site = one_model(service, pace, partial(_make_app, service, dev))
    return make_site, settings.threads, [log, spans] if spans else [log]


def _several(env: Mapping[str, str], dev: bool) -> tuple[MakeSite, int, Outlets]:
    """None is loaded before it is asked for."""
    from ladle_runtime.serving.http.models import ManyModels
    from ladle_runtime.serving.kept_files import KeptFiles
    from ladle_runtime.serving.several import Loader, Several, StyleByModel, room_bytes

    several = Several.read(env["LADLE_MODELS"], env)
    disk_bytes, memory_bytes = (
        room_bytes(env, name) for name in ("LADLE_MODELS_DISK_MB", "LADLE_MODELS_MB")
    )
    settings = several.settings.values()
    spans = open_spans([*settings], os.environ)
    direct = StyleByModel({each.model: DirectLog(each.log_key) for each in settings})
    log = QueuedLog(ReadableLog() if dev else direct)
    files = KeptFiles(next(iter(settings)).scratch, disk_bytes, _fetch)
    atexit.register(files.close)
    loader = Loader(
        files, lambda: credentials_of(with_credentials(os.environ)), SystemClock(), log, spans
    )

    def make_site(threads: ThreadPoolExecutor, workers: int) -> Site:
        make_app = partial(_make_app, dev=False)
        return ManyModels(several, loader, memory_bytes, make_app, threads, workers).site

    outlets: Outlets = [log, spans] if spans else [log]
    return make_site, max(each.threads for each in settings), outlets


def _fetch(bundle: Bundle, make_room: MakeRoom) -> None:
    from ladle_runtime.serving.fetch import fetch  # it brings ssl, which a path does not need

    fetch(bundle, SystemClock(), make_room)


def _make_app(service: Service, dev: bool) -> App:
    """FastAPI is half a second of imports, and most servers are never asked for what it answers."""
    from ladle_runtime.serving.app import build_app
    from ladle_runtime.serving.dev_feedback import DevFeedback

    return build_app(service, DevFeedback() if dev else None)


def _end_with_parent() -> None:
    """A parent that is killed cannot say goodbye, but its end of the pipe closes."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
