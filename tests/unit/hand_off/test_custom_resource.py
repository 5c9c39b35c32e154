"""CloudFormation gets one answer whatever happens, and its strings become typed wishes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from ladle.digest import of_bytes
from ladle.errors import LadleError
from ladle.policy.rollout import RolloutPolicy
from ladle.quality.line_keys import line_key
from ladle_runtime.handoff import bundle, handler
from ladle_runtime.handoff.custom_resource import REASON_LIMIT, Request, put, serve

EVENT = {
    "RequestType": "Update",
    "RequestId": "request-7",
    "StackId": "arn:stack",
    "LogicalResourceId": "Release",
    "PhysicalResourceId": "ladle-release-fraud",
    "ResourceType": "Custom::LadleRelease",
    "ResponseURL": "https://answer.example",
    "ResourceProperties": {
        "ServiceToken": "arn:function",
        "ServiceTimeout": "360",
        "Model": "fraud",
        "ReleaseDigest": "sha256:" + "a" * 64,
        "ModelDigest": str(of_bytes(b"model")),
        "Target": "lambda",
        "Serving": {"CodeSha256": "code="},
        "Policy": json.dumps(RolloutPolicy(canary_percent=20.0).to_json()),
        "TopicArn": "arn:topic",
    },
    "OldResourceProperties": {"ReleaseDigest": "sha256:" + "b" * 64},
}


def answer_to(event: Mapping[str, Any], work: Any, secret: bool = False) -> dict[str, Any]:
    sent: list[tuple[str, bytes]] = []
    serve(event, "ladle-release-fraud", work, lambda url, body: sent.append((url, body)), secret)
    ((url, body),) = sent
    assert url == event["ResponseURL"]
    return dict(json.loads(body))


def test_success_carries_the_attributes() -> None:
    assert answer_to(EVENT, lambda _: {"Version": "7"}) == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "ladle-release-fraud",
        "StackId": "arn:stack",
        "RequestId": "request-7",
        "LogicalResourceId": "Release",
        "NoEcho": False,
        "Data": {"Version": "7"},
    }


def test_a_refusal_reaches_the_person_with_its_code_and_mend() -> None:
    def refuse(_: Request) -> Mapping[str, str]:
        raise LadleError("LD221", "another release is there", "run it again")

    answer = answer_to(EVENT, refuse)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "LD221 another release is there. help: run it again"


@pytest.mark.parametrize("error", [KeyError("Model"), RuntimeError("x" * 10_000), SystemError()])
def test_whatever_breaks_is_an_answer_that_cloudformation_takes(error: Exception) -> None:
    def break_(_: Request) -> Mapping[str, str]:
        raise error

    answer = answer_to(EVENT, break_)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith(type(error).__name__)
    assert len(answer["Reason"]) <= REASON_LIMIT


def test_a_secret_answer_is_kept_out_of_listings() -> None:
    assert answer_to(EVENT, lambda _: {}, secret=True)["NoEcho"] is True


def test_the_physical_id_never_changes_so_that_a_rollback_deletes_nothing() -> None:
    changed = {**EVENT, "PhysicalResourceId": "something older"}
    assert answer_to(changed, lambda _: {})["PhysicalResourceId"] == "ladle-release-fraud"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://example.com/", "ftp://x"])
def test_answers_go_nowhere_but_to_cloudformation(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        put(url, b"{}")


def test_the_release_wish_is_read_from_strings() -> None:
    wish = handler.wanted(Request.from_event(EVENT))
    assert wish.model == "fraud"
    assert wish.policy.canary_percent == 20.0
    assert wish.experiment_id is None
    assert wish.serving == {"CodeSha256": "code="}
    assert wish.before == "sha256:" + "b" * 64
    assert wish.message_id == "a" * 64 + "-request-7"


def test_a_first_wish_has_nothing_before_it() -> None:
    event = {k: v for k, v in EVENT.items() if k != "OldResourceProperties"}
    assert handler.wanted(Request.from_event(event)).before is None


def test_the_bundle_asks_the_store_before_the_asset() -> None:
    wish = bundle.wanted(
        {
            "Model": "fraud",
            "ReleaseDigest": "sha256:" + "a" * 64,
            "ModelDigest": str(of_bytes(b"model")),
            "FileName": "model.onnx",
            "StoreKey": "b/sha256/aa/aabb",
            "StoreVersion": "v1",
            "AssetBucket": "assets",
            "AssetKey": "cc.onnx",
        }
    )
    assert [(s.bucket, s.key, s.version_id) for s in wish.sources] == [
        (None, "b/sha256/aa/aabb", "v1"),
        ("assets", "cc.onnx", None),
    ]


@dataclass
class OutOfReach:
    """AWS, when its answers do not come."""

    def delete_all(self, model: str) -> None:
        raise ConnectionError(model)


def test_a_stack_can_be_deleted_when_everything_else_is_gone() -> None:
    ports: Any = SimpleNamespace(alarms=OutOfReach(), versions=OutOfReach())
    event = {**EVENT, "RequestType": "Delete"}
    assert handler.answer(lambda _home: ports, Request.from_event(event)) == {}
    store: Any = None
    assert bundle.answer(store, Request.from_event(event)) == {}


def test_a_model_that_lies_in_its_image_gets_a_line_key_and_no_copy() -> None:
    properties = {**EVENT["ResourceProperties"], "Model": "fraud", "ModelIn": "image"}
    event = {**EVENT, "ResourceProperties": properties}
    store = bundle.Store("bucket", bundles=OutOfReach(), master=SimpleNamespace(read=lambda: b"m"))
    assert bundle.answer(store, Request.from_event(event)) == {
        "LogKey": line_key(b"m", "fraud").hex()
    }
