"""The closed sets that a config may name, and which of them Ladle builds today. Names only."""

from __future__ import annotations

from enum import StrEnum


class ModelType(StrEnum):
    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    EMBEDDING = "embedding"
    GENERIC = "generic"


class Target(StrEnum):
    AUTO = "auto"
    LAMBDA = "lambda"
    SAGEMAKER = "sagemaker"
    SAGEMAKER_SERVERLESS = "sagemaker-serverless"
    SAGEMAKER_ASYNC = "sagemaker-async"
    ECS = "ecs"


class ApiKind(StrEnum):
    REALTIME = "realtime"
    ASYNC = "async"
    BATCH = "batch"
    TASK = "task"


class Packaging(StrEnum):
    AUTO = "auto"
    IMAGE = "image"
    ZIP = "zip"


class ModelIn(StrEnum):
    STORE = "store"
    IMAGE = "image"


class Arch(StrEnum):
    X86_64 = "x86_64"
    ARM64 = "arm64"


class DoorAuth(StrEnum):
    IAM = "iam"
    JWT = "jwt"
    API_KEY = "api_key"
    NONE = "none"


class DoorUrl(StrEnum):
    API = "api"
    FUNCTION = "function"


class DoorKind(StrEnum):
    """What a door is made of on AWS; ``config/doors.toml`` has a row for each."""

    HTTP_API = "http_api"
    REST_API = "rest_api"
    FUNCTION_URL = "function_url"


class Strategy(StrEnum):
    CANARY = "canary"
    ALL_AT_ONCE = "all_at_once"


class Promote(StrEnum):
    AFTER_BAKE = "after_bake"
    WHEN_NOT_WORSE = "when_not_worse"


class OnInconclusive(StrEnum):
    HOLD = "hold"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


class Tracing(StrEnum):
    NONE = "none"
    XRAY = "xray"
    OTLP = "otlp"


class Treatment(StrEnum):
    """What capture does with a field."""

    DROP = "drop"
    HASH = "hash"
    KEEP = "keep"


class CostAction(StrEnum):
    NOTIFY = "notify"
    STOP = "stop"


# Ending of a model file -> module of its backend in ladle_runtime.backends. A new backend is a row
# and a file.
BACKENDS: dict[str, str] = {"onnx": "onnx", "py": "predict"}

# Target -> module name of its rules, constructs and, where it splits traffic, its router.
TARGET_MODULES: dict[Target, str] = {
    Target.LAMBDA: "lambda_function",
    Target.SAGEMAKER: "sagemaker",
    Target.ECS: "ecs",
    Target.SAGEMAKER_SERVERLESS: "sagemaker_serverless",
    Target.SAGEMAKER_ASYNC: "sagemaker_async",
}
