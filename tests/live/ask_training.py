"""A training job of SageMaker's is recorded like any other command, by a role that may do no more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.live.checks import Needs, asked, by_hand
from tests.live.leavings import POLICY
from tests.live.place import Place

from ladle import names

TRAIN = """
import ladle
with ladle.record("{name}") as run:
    run.metrics(accuracy=0.5)
    run.model("model_packages/{name}/model.onnx")
print("the last line")
"""
SPREAD_S = 20.0  # what IAM takes to let a new role be used
IMAGE = Needs.TRAINING_IMAGE


def role(place: Place) -> str:
    """A role with the page's permissions and no other; its ARN. It goes with what the run leaves."""
    iam, session = place.client("iam"), place.session
    name = place.named("training")
    trust = _policy(
        {"Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
    )
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    store = f"arn:aws:s3:::{place.bucket}"
    log = session.arn("logs", f"log-group:{names.TRAINING_LOG_GROUP}")
    iam.put_role_policy(
        RoleName=name,
        PolicyName=POLICY,
        PolicyDocument=_policy(
            _may(["s3:GetObject", "s3:PutObject"], f"{store}/training/ladle-*"),
            {
                **_may(["s3:ListBucket"], store),
                "Condition": {"StringLike": {"s3:prefix": "training/ladle-*"}},
            },
            _may(
                [f"logs:{verb}" for verb in LOGGING],
                log,
                f"{log}:log-stream:ladle-*",
            ),
            _may([f"ecr:{verb}" for verb in PULLING], session.arn("ecr", "repository/*")),
            _may(["ecr:GetAuthorizationToken"], "*"),
        ),
    )
    place.clock.sleep(SPREAD_S)
    return arn


LOGGING = ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogStreams")
PULLING = ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability")


def _policy(*statements: Mapping[str, Any]) -> str:
    rows = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": rows})


def _may(actions: Sequence[str], *resources: str) -> dict[str, Any]:
    return {"Action": list(actions), "Resource": list(resources)}


def trained(place: Place, script: str, status: int = 0, image: str = "") -> Mapping[str, Any]:
    """What ``ladle record --on sagemaker`` of this script recorded."""
    name = place.named("trained")
    place.write(name)
    (place.shop.root / "train.py").write_text(script.format(name=name))
    used = ("--image", image or place.training_image)
    options = ("--on", "sagemaker", *used, "--role", place.once(role))
    place.shop.ladle("record", name, *options, "--", "python", "train.py", expect=(status,))
    newest: Mapping[str, Any] = place.shop.ladle_json("log", name)["experiments"][0]
    return newest


def first(place: Place) -> Mapping[str, Any]:
    return trained(place, TRAIN)


@asked("training.recorded", needs=IMAGE)
def a_job_is_recorded(place: Place) -> str:
    row = place.once(first)
    assert row["manifest"]["metrics"] == {"accuracy": 0.5}, row["manifest"]
    return f"experiment {row['id'][:12]} with its metric and model"


@asked("training.role", needs=IMAGE)
def its_role_suffices(place: Place) -> str:
    place.once(first)
    return f"the job ran with {place.once(role).rpartition('/')[2]} and the page's policy alone"


@asked("training.last-lines", needs=IMAGE)
def the_last_lines_are_there(place: Place) -> str:
    row = place.once(first)
    _, said = place.shop.ladle("show", row["id"], "--output")
    assert "the last line" in "\n".join(said), said[-3:]
    return "the script's last line stands in the recorded log"


@asked("training.failed", needs=IMAGE)
def a_failed_job_is_recorded(place: Place) -> str:
    row = trained(place, "raise SystemExit(3)", status=3)
    return f"experiment {row['id'][:12]}, exit status 3"


@asked("training.framework-image", needs=Needs.GPU)
def a_framework_image_runs(place: Place) -> str:
    row = trained(place, TRAIN, image="pytorch:2.6")
    return f"experiment {row['id'][:12]} of pytorch:2.6"


@asked("training.nothing-left", needs=IMAGE)
def nothing_is_left(place: Place) -> str:
    place.once(first)
    found = place.session.s3.list_object_versions(Bucket=place.bucket, Prefix=f"{names.TRAINING}/")
    left = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
    assert not left, f"{len(left)} versions"
    return "no version of any object below training/"


by_hand(
    {
        "training.stopped": "needs a Ctrl-C",
        "training.own-key": "needs an account whose default key for S3 is its own",
        "training.package": "needs a model package in the registry",
    }
)
