"""The fixed names of everything that Ladle makes in an account. Model stacks find the platform by
these, never by exports, so that either stack can be deleted first.
"""

from __future__ import annotations

PLATFORM_STACK = "ladle-platform"
EXPERIMENTS_TABLE = "ladle-experiments"
RELEASES_TABLE = "ladle-releases"
COUNTERS_TABLE = "ladle-counters"
PREDICTIONS_TABLE = "ladle-predictions"
TOPIC = "ladle-alarms"
INTAKE_FUNCTION = "ladle-intake"
COLLECTOR_FUNCTION = "ladle-collector"
JUDGE_FUNCTION = "ladle-judge"
CONTROLLER_FUNCTION = "ladle-controller"
CONTROLLER_ROLE = "ladle-controller"
MASTER_SECRET = "ladle/master-key"
ALIAS = "live"
ANSWERS_KEPT_DAYS = 7
ANSWERS_WAIT_S = 3600  # in the queue, before SageMaker gives a request up
ASYNC = "async"  # folder of the store: for each model what it was asked, and what it answered
LABEL_FILES = "labels"  # folder of the store, with one for each model
METRIC_NAMESPACE = "Ladle"
EVIDENCE_METRIC = "log_e"
NOTICE_ATTRIBUTE = "ladle-notice"  # its value is the model that a message to people is about


def store_bucket(account: str, region: str) -> str:
    return f"ladle-store-{account}-{region}"


def model_stack(model: str) -> str:
    return f"ladle-model-{model}"


def function(model: str, base: int = 0) -> str:
    """Of the home with this base; an underscore is in no model's name, so none is another model's."""
    return f"ladle-{model}_{base}" if base else f"ladle-{model}"


# What answers behind a door, and for each home of a moving model what answers when the door leads there:
# descriptions of integrations of its API.
LIVE_INTEGRATION = "ladle:live"


def home_integration(base: int) -> str:
    return f"ladle:home-{base}"


def home_scope(base: int) -> str:
    """What the logical ids of a home's own begin with; those of a model's first home with nothing."""
    return f"Home{base}" if base else ""


def handoff_function(model: str) -> str:
    return f"ladle-{model}-handoff"


def bundle_function(model: str) -> str:
    return f"ladle-{model}-bundle"


def log_group(model: str) -> str:
    return f"/ladle/{model}"


def endpoint_log_group(model: str) -> str:
    """SageMaker names it after the endpoint, and lets nobody choose."""
    return f"/aws/sagemaker/Endpoints/{endpoint(model)}"


def release_log_group(model: str, release: int) -> str:
    """Where each release has an endpoint of its own, each has a log of its own."""
    return f"/aws/sagemaker/Endpoints/{release_endpoint(model, release)}"


def release_log_groups(model: str) -> str:
    """What the names of all of them begin with, and no other model's do."""
    return f"{endpoint_log_group(model)}--"


def model_of_log_group(log_group: str) -> str:
    named, _, _ = log_group.partition("--")
    return named.removeprefix(endpoint_log_group("")).removeprefix("/ladle/")


def evidence_alarm(model: str) -> str:
    return f"ladle-{model}-evidence"


# What builds images where a team has no engine of its own.
BUILD_PROJECT, BUILDER_ROLE = "ladle-images", "ladle-builder"
BUILD_LOG = f"/aws/codebuild/{BUILD_PROJECT}"
BUILD_SOURCES = "builds"


def build_key(tag: str) -> str:
    """What an image is built from, while it is."""
    return f"{BUILD_SOURCES}/{tag}.zip"


def budget_filter(model: str) -> str:
    """As Budgets writes the tag of a model's resources, once billing knows it."""
    return f"user:ladle:model${model}"


def idle_alarm(model: str) -> str:
    return f"ladle-{model}-idle"


def native_alarm(model: str, release: int) -> str:
    """The dot is in no model's name: another's alarms can never begin with one's own."""
    return f"ladle-{model}.errors-{release}"


def slot_alarm(model: str, slot: str) -> str:
    """Of a slot on ECS, whichever release is in it."""
    return f"ladle-{model}.slot-{slot}"


def router_role(model: str) -> str:
    return f"ladle-{model}-router"


VARIANT = "release-"  # and its number


def endpoint(model: str) -> str:
    return f"ladle-{model}"


def release_endpoint(model: str, release: int) -> str:
    """Where an endpoint has one variant only, each release has one of its own."""
    return f"ladle-{model}--{release}"


# Variables of a door's stage: whose endpoint is asked, which others' start, and which lost their traffic.
STAGE_RELEASE, STAGE_BESIDE, STAGE_LEAVING = "release", "beside", "leaving"
# What an endpoint is tagged with: how many machines a variant may have.
MIN_INSTANCES_TAG, MAX_INSTANCES_TAG = "ladle:min-instances", "ladle:max-instances"
STAGE_TIMEOUT = "timeout"  # how long a request may take that is answered later, in seconds


def variant(release: int) -> str:
    return f"{VARIANT}{release}"


def endpoint_model(model: str, release_hex: str) -> str:
    """No model's name has two hyphens together, so none of these begins with another's."""
    return f"ladle-{model}--{release_hex[:16]}"


def endpoint_config(model: str, release: int) -> str:
    return f"ladle-{model}--{release}"


def joining_config(model: str, release: int) -> str:
    """Of an endpoint that ``release`` joins beside what has traffic."""
    return f"{endpoint_config(model, release)}-joins"


def scaled_endpoint(model: str, release: int) -> str:
    """As Application Auto Scaling calls it, where each release has an endpoint of its own."""
    return f"endpoint/{release_endpoint(model, release)}/variant/{variant(release)}"


def wake_alarm(model: str, release: int) -> str:
    """Rings when a release without machines is asked."""
    return f"ladle-{model}.wakes-{release}"


def asking_function(model: str) -> str:
    """Takes requests that are answered later."""
    return f"ladle-{model}-asks"


def invoking_function(model: str) -> str:
    """Stands between an HTTP API and an endpoint."""
    return f"ladle-{model}-invokes"


LATE_S = 1  # that it keeps to say that the endpoint took too long


def scaled_variant(model: str, release: int) -> str:
    """As Application Auto Scaling calls it."""
    return f"endpoint/{endpoint(model)}/variant/{variant(release)}"


SLOTS = ("a", "b", "c")  # two may have traffic; a third release starts in the one that has none
CONTAINER = "serving"  # of a task of ECS


def cluster(model: str) -> str:
    return f"ladle-{model}"


def serving_role(model: str, base: int = 0) -> str:
    """Of the home with this base, as a function is."""
    return f"{function(model, base)}-serving"


def execution_role(model: str) -> str:
    """Of ECS itself, which starts the tasks that then act as the serving role."""
    return f"ladle-{model}-execution"


def door_role(model: str, base: int = 0) -> str:
    """By which API Gateway asks an endpoint of the home with this base."""
    return f"{function(model, base)}-door"


def machine_role(model: str) -> str:
    return f"ladle-{model}-machine"


def task_family(model: str, release: int) -> str:
    """One task definition each; an underscore is in no model's name, so none begins with another's."""
    return f"ladle-{model}_{release}"


def bundle_key(model: str, release_digest: str, file_name: str) -> str:
    """``release_digest`` in hex, without its prefix."""
    return f"{RELEASES}/{model}/{release_digest}/{file_name}"


def training_files(job: str) -> str:
    """Folder of the store in which a training job finds what it reads and leaves what it made."""
    return f"{TRAINING}/{job}"


TRAINING = "training"
TRAINING_LOG_GROUP = "/aws/sagemaker/TrainingJobs"  # SageMaker's own, of all jobs of a region
OBJECTS = "b/sha256"
RUNTIMES = "runtimes"
RELEASES = "release"


def object_key(digest_hex: str) -> str:
    return f"{OBJECTS}/{digest_hex[:2]}/{digest_hex}"


def runtime_key(digest_hex: str) -> str:
    """The files of a serving runtime, as one zip: models keep theirs until they are upgraded."""
    return f"{RUNTIMES}/{digest_hex}.zip"


def wheels_key(name: str) -> str:
    """The wheels of a lock of such a runtime, for models that are packed as zips."""
    return f"{RUNTIMES}/wheels/{name}.zip"
