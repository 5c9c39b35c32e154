"""ModelConfig: what ``model.yaml`` may say, and what holds when it says nothing.

Python names carry the unit (``bake_s``); the key that people write is the alias (``bake``). Defaults
stand as people would write them, so that schema, editor and ``plan --explain`` show the same text.
Bounds of one key stand here; what two keys say together is in ``checks``.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ladle.catalog import (
    ApiKind,
    Arch,
    CostAction,
    DoorAuth,
    DoorUrl,
    ModelIn,
    ModelType,
    OnInconclusive,
    Packaging,
    Promote,
    Strategy,
    Target,
    Tracing,
    Treatment,
)
from ladle.config.amounts import DurationS, Factor, Percent, Points
from ladle.config.outcome_key import OutcomeKey

# As the serving runtime reads it: $.label, $.scores[0], $["a name"].value
ISSUER = r"^https://[^\s/?#]+(/[^\s?#]*)?$"
DOMAIN = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"
CERTIFICATE = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$"
OUTCOME_PATH = r"""^\$(\.[A-Za-z_][\w-]*|\[[0-9]+\]|\["[^"]+"\])+$"""


class Strict(BaseModel):
    """The one base: strictness does not reach nested models unless each of them is strict."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _key(default: Any, meaning: str, **more: Any) -> Any:
    return Field(default, description=meaning, validate_default=True, **more)


class Compute(Strict):
    memory_mb: int = _key(1769, "memory of the function; CPU comes with it", ge=512, le=10240)
    timeout_s: int = _key(30, "longest time for one request", ge=1, le=900)
    gpu: int = _key(0, "GPUs per instance", ge=0, le=8)
    instance_type: str | None = _key(None, "machine type, where the target has machines")
    spot: bool = _key(False, "spare capacity at a discount that may be taken away")
    min_instances: int = _key(0, "instances that always run", ge=0)
    max_instances: int | None = _key(None, "ceiling of instances; null: the target's own", ge=1)
    warm: int = _key(0, "provisioned instances that never start cold", ge=0)
    snap_start: bool = _key(
        False, "instances of a zip begin from a snapshot of one that has started"
    )
    reserved: int | None = _key(None, "share of the account's concurrency", ge=1)


class AutoBounds(Strict):
    """Where ``target: auto`` draws its lines; the plan prints the one that decided."""

    gpu_on: Literal["sagemaker", "ecs"] = _key("sagemaker", "where models with a GPU run")
    model_mb: float = _key(250.0, "largest model that a function brings within its start", gt=0)
    peak_mb: float = _key(10240.0, "most memory that serving may take in a function", gt=0)
    busy_share: float = _key(
        0.7, "of the load at which a machine is cheaper, from where it is taken", gt=0, le=10
    )


class Door(Strict):
    auth: DoorAuth = _key(DoorAuth.IAM, "who may call")
    url: DoorUrl = _key(DoorUrl.API, "an API of API Gateway's, or the function's own URL")
    issuer: str | None = _key(None, "who issues the tokens of auth: jwt", pattern=ISSUER)
    audience: tuple[str, ...] = _key((), "whom the tokens of auth: jwt are meant for")
    domain: str | None = _key(None, "own domain name", pattern=DOMAIN)
    certificate: str | None = _key(None, "the domain's certificate in ACM", pattern=CERTIFICATE)
    cors: tuple[str, ...] = _key((), "origins whose pages may call")
    rate_per_s: float = _key(50.0, "requests a second before callers get 429", gt=0, le=10000)
    quota_per_day: int | None = _key(None, "requests a day of auth: api_key", ge=1)
    public_acknowledged_by: str | None = _key(
        None, "who answers for auth: none; an address", min_length=3
    )
    unlimited_acknowledged_by: str | None = _key(
        None, "who answers for url: function without compute.reserved", min_length=3
    )


class TrafficEstimate(Strict):
    expected_per_day: float = _key(10000.0, "requests a day that plans compute with", gt=0)
    peak_per_s: float | None = _key(None, "highest rate to expect", gt=0)
    p99_ms: float | None = _key(None, "latency that 99 of 100 answers must keep", gt=0)
    payload_mb: float | None = _key(None, "largest request or answer", gt=0)


class Rollout(Strict):
    strategy: Strategy = _key(Strategy.CANARY, "try a candidate on a share, or switch at once")
    canary_percent: float = _key(10.0, "the candidate's share while it is tried", gt=0, le=50)
    bake_s: DurationS = _key("60m", "shortest trial", alias="bake")
    min_requests: int = _key(200, "requests the candidate must have answered", ge=1)
    min_labels: int = _key(100, "labels it must have, where labels are expected", ge=1)
    promote: Promote = _key(
        Promote.AFTER_BAKE, "promote unless proven worse, or only when proven not worse"
    )
    max_s: DurationS = _key("24h", "longest trial", alias="max")
    on_inconclusive: OnInconclusive = _key(
        OnInconclusive.HOLD, "what to do when max is over and nothing is proven"
    )
    holdback_percent: float = _key(
        5.0, "the old release's share after promotion, to compare with", gt=0, le=50
    )
    holdback_s: DurationS = _key("24h", "how long the old release stays beside", alias="holdback")
    false_rollback_rate: float = _key(
        0.01, "share of healthy releases that may be rolled back wrongly", gt=0, lt=0.5
    )


class FailureGuard(Strict):
    worse_than: Factor = _key("1.2x", "ratio of failure rates that is still harmless")
    fine_below: Percent | None = _key("0.5%", "failure rate that is fine in any case")


class LatencyGuard(Strict):
    worse_than: Factor = _key("1.2x", "ratio of slow shares that is still harmless")
    fine_below: Percent | None = _key(None, "slow share that is fine in any case")


class AccuracyGuard(Strict):
    """``worse_than`` in place of ``worse_by`` compares error rates by their ratio."""

    worse_by: Points | None = _key("0.5pt", "loss of accuracy that is still harmless")
    worse_than: Factor | None = _key(None, "ratio of error rates that is still harmless")
    fine_below: Percent | None = _key(None, "error rate that is fine in any case")


class ErrorGuard(Strict):
    """Of a regression. ``worse_by`` in place of ``worse_than`` is in the label's own unit."""

    worse_by: float | None = _key(None, "rise of the mean error that is still harmless", gt=0)
    worse_than: Factor | None = _key("1.05x", "ratio of mean errors that is still harmless")


class Guards(Strict):
    failures: FailureGuard | None = _key(FailureGuard(), "failed requests; null: not guarded")
    latency: LatencyGuard | None = _key(LatencyGuard(), "slow requests; null: not guarded")
    accuracy: AccuracyGuard | None = _key(
        AccuracyGuard(), "wrong predictions by their labels; null: not guarded"
    )
    error: ErrorGuard | None = _key(
        ErrorGuard(), "how far a regression is off by its labels; null: not guarded"
    )


class Labels(Strict):
    sources: tuple[str, ...] = _key((), "principals that may label; none: no labels expected")
    accept_s: DurationS = _key("30d", "how late a label may come", alias="accept")


class MonitorConfig(Strict):
    key: OutcomeKey = _key(
        "$.label", "where the prediction stands in the output: one path, or a list of up to five"
    )
    segments: tuple[str, ...] = _key((), "input fields to watch apart", max_length=5)
    window_s: DurationS = _key("60s", "grain of the counters", alias="window")
    dashboard: bool = _key(False, "a page of CloudWatch that shows the model")
    guards: Guards = _key(Guards(), "what a candidate is compared by")
    labels: Labels = _key(Labels(), "who says what was true")


class Capture(Strict):
    enabled: bool = _key(False, "keep inputs and outputs in the log")
    classify: dict[str, Treatment] = _key(
        {}, "field: drop, hash or keep; of a field that is not named, nothing is kept"
    )

    @property
    def told(self) -> dict[str, Treatment]:
        """What leaves the server, in the order of names; nothing where it is off."""
        rows = sorted(self.classify.items()) if self.enabled else ()
        return {field: treatment for field, treatment in rows if treatment is not Treatment.DROP}


class Network(Strict):
    vpc: str | None = _key(None, "a network to run in", pattern=r"^vpc-[0-9a-f]+$")
    subnets: tuple[str, ...] = _key((), "its subnets")
    security_groups: tuple[str, ...] = _key((), "its security groups")


class Logs(Strict):
    retention_s: DurationS = _key("30d", "how long log lines are kept", alias="retention")


class Cost(Strict):
    monthly_cap_usd: float | None = _key(None, "budget a month", gt=0)
    idle_ttl_s: DurationS | None = _key(None, "idle time before the action", alias="idle_ttl")
    action: CostAction = _key(CostAction.NOTIFY, "tell somebody, or stop serving")
    grace_s: DurationS = _key("24h", "from the notice to the stop", alias="grace")
    production_stop_acknowledged_by: str | None = _key(
        None, "who answers for action: stop", min_length=3
    )


class Settings(Strict):
    """Every key that an environment may set otherwise."""

    model: str | None = None
    model_in: ModelIn = _key(ModelIn.STORE, "where the function reads the model from")
    target: Target = _key(Target.AUTO, "where it runs")
    auto: AutoBounds = _key(AutoBounds(), "what target: auto decides by")
    api: ApiKind = _key(ApiKind.REALTIME, "how it is asked")
    packaging: Packaging = _key(
        Packaging.AUTO, "image on AWS, zip on the embedded AWS, or say which"
    )
    runtime: Literal["1"] = _key("1", "line of the serving runtime")
    python: Literal["3.12", "3.13", "3.14"] = _key("3.13", "Python of the function or image")
    arch: Arch = _key(Arch.X86_64, "processor")
    transform: str | None = _key(None, "file with pre and post steps", min_length=1)
    requirements: str | None = _key(
        None, "hash-locked packages of the transform or predict.py", min_length=1
    )
    compute: Compute = _key(Compute(), "size")
    door: Door = _key(Door(), "the HTTP door")
    traffic: TrafficEstimate = _key(TrafficEstimate(), "what plans compute with")
    rollout: Rollout = _key(Rollout(), "how a new release is tried")
    monitor: MonitorConfig = _key(MonitorConfig(), "what is watched")
    capture: Capture = _key(Capture(), "keeping requests")
    notify: tuple[str, ...] = _key((), "who hears of rollbacks: mailto: or https: addresses")
    env: dict[str, str] = _key({}, "plain values for the transform")
    secrets: dict[str, str] = _key({}, "NAME: reference of a secret")
    network: Network = _key(Network(), "a network of the account")
    tracing: Tracing = _key(
        Tracing.NONE, "a trace of each request: in AWS X-Ray, or a span to a collector"
    )
    logs: Logs = _key(Logs(), "log lines")
    tags: dict[str, str] = _key({}, "tags of every resource")
    cost: Cost = _key(Cost(), "ceilings")


class Environment(Settings):
    """Overrides for one place of deployment."""

    account: str | None = _key(None, "AWS account, quoted", pattern=r"^[0-9]{12}$")
    region: str | None = _key(None, "AWS region", pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")


class ModelConfig(Settings):
    """One whole ``model.yaml``."""

    name: str = Field(description="name of the model, in its address and in every resource")
    model: str = Field(
        description="a file of the package, pinned, or an object in S3", min_length=1
    )
    type: ModelType = Field(description="what it predicts")
    environments: dict[str, Environment] = _key({}, "name: what differs there")

    def in_environment(self, name: str) -> ModelConfig:
        """The config with one environment's keys laid over it, section by section."""
        return _laid_over(self, self.environments[name], skip={"account", "region"})


AnyStrict = TypeVar("AnyStrict", bound=Strict)


def _laid_over(
    base: AnyStrict, top: Strict, skip: frozenset[str] | set[str] = frozenset()
) -> AnyStrict:
    update = {}
    for name in top.model_fields_set - skip:
        below, above = getattr(base, name), getattr(top, name)
        both_sections = isinstance(below, Strict) and isinstance(above, Strict)
        update[name] = _laid_over(below, above) if both_sections else above
    return base.model_copy(update=update)
