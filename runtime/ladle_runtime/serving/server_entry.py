"""The same app on a port of this machine: ``ladle dev`` and containers. Ready when
``/v2/health/ready`` answers 200.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

import uvicorn

from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle_runtime.serving.app import build_app
from ladle_runtime.serving.dev_feedback import DevFeedback
from ladle_runtime.serving.events import DirectLog, EventLog, QueuedLog, ReadableLog
from ladle_runtime.serving.service import load_service
from ladle_runtime.serving.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(description="Serves one model over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--dev", action="store_true", help="readable lines, a page, /feedback here")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input does: with its parent"
    )
    options = parser.parse_args()
    try:
        settings = Settings.from_environment(os.environ)
        log: EventLog = ReadableLog() if options.dev else QueuedLog(DirectLog(settings.log_key))
        service = load_service(settings, SystemClock(), log)
    except LadleError as error:
        sys.stderr.write(f"{error}\n  help: {error.finding.fix}\n")
        return int(error.exit_code)
    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    app = build_app(service, DevFeedback() if options.dev else None)
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return 0


def _end_with_parent() -> None:
    """A parent that is killed cannot say goodbye, but its end of the pipe closes."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
