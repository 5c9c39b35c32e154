"""What S3 and DynamoDB promise when two write at once, when something is deleted, and when it is altered."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

from tests.live.checks import asked, by_hand
from tests.live.place import Place

from ladle import names
from ladle.digest import Digest, of_bytes
from ladle.ports import Health

TRAIN = """
import ladle
with ladle.record("{name}") as run:
    run.model("model_packages/{name}/model.onnx")
"""


def content() -> tuple[Digest, bytes]:
    """Bytes that nobody has stored yet."""
    made = secrets.token_bytes(1000)
    return of_bytes(made), made


@asked("store.two-writers", here=True)
def one_of_two_wins(place: Place) -> str:
    objects = place.workspace.objects
    for _ in range(20):
        digest, made = content()
        with ThreadPoolExecutor(2) as pool:
            locators = list(pool.map(lambda _: objects.put_if_absent(digest, made), range(2)))  # noqa: B023 - the pool has ended
        versions = place.session.s3.list_object_versions(
            Bucket=place.bucket, Prefix=names.object_key(digest.hex)
        )["Versions"]
        assert len(versions) == 1, f"{len(versions)} versions of one object"
        assert locators[0] == locators[1], f"{locators[0]} and {locators[1]}"
    return "20 times two writers, one version each, and both were told which"


@asked("store.delete-marker", here=True)
def what_was_deleted_is_written_again(place: Place) -> str:
    objects = place.workspace.objects
    digest, made = content()
    first = objects.put_if_absent(digest, made)
    objects.remove(digest)
    assert objects.locate(digest) is None
    second = objects.put_if_absent(digest, made)
    assert objects.check(digest, second) is Health.RIGHT
    return f"version {first.version_id}, a delete marker, version {second.version_id}"


@asked("store.checksums")
def s3_states_the_checksum(place: Place) -> str:
    digest, made = content()
    place.workspace.objects.put_if_absent(digest, made)
    head = place.session.s3.head_object(
        Bucket=place.bucket, Key=names.object_key(digest.hex), ChecksumMode="ENABLED"
    )
    assert place.workspace.objects.check(digest) is Health.RIGHT
    return f"HEAD says ChecksumSHA256 {head['ChecksumSHA256'][:12]}…"


@asked("store.altered-row")
def an_altered_row_is_refused(place: Place) -> str:
    name = place.named("altered")
    place.write(name, model="pinned")
    train = place.shop.root / "train.py"
    train.write_text(TRAIN.format(name=name))
    place.shop.ladle("record", name, "--", "python", "train.py")
    id_ = place.shop.ladle_json("log", name)["experiments"][0]["id"]
    place.shop.ladle("pin", name, id_)
    place.session.dynamodb.update_item(
        TableName=names.EXPERIMENTS_TABLE,
        Key={"pk": {"S": f"EXP#{id_}"}, "sk": {"S": "MANIFEST"}},
        UpdateExpression="SET #m = :m",
        ExpressionAttributeNames={"#m": "model"},
        ExpressionAttributeValues={":m": {"S": "another"}},
    )
    stack = names.model_stack(name)
    words = ("npx", "cdk", "deploy", stack, "--require-approval", "never")
    status, said = place.shop.run(*words, expect=(0, 1))
    told = [line.strip() for line in said if "LD372" in line]
    assert status, "it was deployed"
    assert told, "it was refused, and not with LD372"
    return told[0][:160]


@asked("store.altered-object")
def an_altered_copy_is_never_served(place: Place) -> str:
    name = place.proven("overwritten")
    found = place.session.lambda_.get_function(FunctionName=names.function(name))
    key = found["Configuration"]["Environment"]["Variables"]["LADLE_BUNDLE_KEY"]
    place.session.s3.put_object(Bucket=place.bucket, Key=key, Body=b"another model")
    counts = place.deal(name, 200)  # so many at once start instances that read it anew
    assert counts == {1: 200}, f"{counts[0]} of 200 calls failed"
    return "200 calls after its copy was overwritten, all answered by release 1"


by_hand(
    {
        "store.undo": "thirty days must pass",
        "store.line-figures": "a benchmark beside DVC, over a line of your own",
    }
)
