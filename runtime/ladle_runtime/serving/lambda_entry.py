"""The function on Lambda: loads its release while it starts, then answers events.

What fails at import is an init failure that the platform reports; nothing here hides it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from ladle.disk.clock import SystemClock
from ladle_runtime.serving.events import DirectLog
from ladle_runtime.serving.lambda_doors import LambdaDoors
from ladle_runtime.serving.service import load_service
from ladle_runtime.serving.settings import Settings
from ladle_runtime.serving.spans import open_spans

_ENVIRONMENT: Mapping[str, str] = os.environ
if "AWS_CONTAINER_CREDENTIALS_FULL_URI" in os.environ:  # a snapshot holds no keys: they end soon
    from ladle_runtime.serving.container_credentials import with_credentials

    _ENVIRONMENT = with_credentials(os.environ)

_SETTINGS: Final = Settings.from_environment(_ENVIRONMENT)
if _SETTINGS.secrets is not None:
    from ladle_runtime.serving.secret_values import secret_values

    os.environ.update(secret_values(_SETTINGS.secrets, SystemClock()))

_SPANS: Final = open_spans([_SETTINGS], os.environ, in_function=True)
_LOG: Final = DirectLog(_SETTINGS.log_key)
handle: Final = LambdaDoors(load_service(_SETTINGS, SystemClock(), _LOG, _SPANS), _SPANS)
