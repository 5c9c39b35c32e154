"""The same app on a port of this machine: ``ladle dev`` and containers. Ready when
``/v2/health/ready`` answers 200.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from functools import partial

from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle_runtime.serving.container_credentials import with_credentials
from ladle_runtime.serving.events import DirectLog, QueuedLog, ReadableLog
from ladle_runtime.serving.http.asgi import App
from ladle_runtime.serving.http.server import Stopping, run
from ladle_runtime.serving.pace import measure
from ladle_runtime.serving.service import Service, load_service
from ladle_runtime.serving.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(description="Serves one model over HTTP.")
    parser.add_argument("serve", nargs="?", choices=["serve"], help="the word that SageMaker says")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--dev", action="store_true", help="readable lines, a page, /feedback here")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input does: with its parent"
    )
    options = parser.parse_args()
    try:
        settings = Settings.from_environment(with_credentials(os.environ))
        if settings.secrets is not None:
            from ladle_runtime.serving.secret_values import secret_values

            os.environ.update(secret_values(settings.secrets, SystemClock()))
        log = QueuedLog(ReadableLog() if options.dev else DirectLog(settings.log_key))
        service = load_service(settings, SystemClock(), log)
    except LadleError as error:
        sys.stderr.write(f"{error}\n  help: {error.finding.fix}\n")
        return int(error.exit_code)
    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.collect()
    gc.freeze()  # what is here stays: no collection looks at it again
    pace = measure(service.run, service.signature.inputs)
    make_app = partial(_make_app, service, options.dev)
    stopping = Stopping(notice_s=0.0) if options.dev else Stopping()
    run(service, pace, make_app, options.host, options.port, stopping)
    log.flush()
    return 0


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
