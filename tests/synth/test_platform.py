"""What all models share: kept, encrypted, woken, and permitted no more than it needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.synth.repository import (
    Template,
    as_list,
    one,
    resources,
    statements,
    synthesize,
    text,
)

KEPT = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"}
# Actions for which AWS knows no narrower resource; PutMetricData is held to a namespace instead.
WITHOUT_ARN = {"cloudwatch:PutMetricData", "cloudwatch:GetMetricStatistics"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Template:
    return synthesize(tmp_path_factory.mktemp("platform"), root, {}).platform()


def test_data_outlives_the_stack_but_not_a_first_deploy_that_failed(platform: Template) -> None:
    kept = {n: r for n, r in platform["Resources"].items() if r["Type"] in KEPT}
    assert len(kept) == 6
    assert {r["DeletionPolicy"] for r in kept.values()} == {"RetainExceptOnCreate"}
    assert {r["UpdateReplacePolicy"] for r in kept.values()} == {"Retain"}


def test_the_store_is_versioned_encrypted_and_closed(platform: Template) -> None:
    bucket = one(platform, "AWS::S3::Bucket")["Properties"]
    assert text(bucket["BucketName"]) == "ladle-store-${AWS::AccountId}-${AWS::Region}"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert [r["Prefix"] for r in rules if "Prefix" in r] == ["release/", "b/sha256/", "async/"]
    expires = [r["Prefix"] for r in rules if "ExpirationInDays" in r]
    assert expires == ["async/"], "of the rest, only what was removed"


def test_a_file_of_labels_wakes_the_intake_and_nothing_else_in_the_store_does(
    platform: Template,
) -> None:
    bucket = one(platform, "AWS::S3::Bucket")
    (laid,) = bucket["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
    (rule,) = laid["Filter"]["S3Key"]["Rules"]
    assert (laid["Event"], rule) == ("s3:ObjectCreated:*", {"Name": "prefix", "Value": "labels/"})
    permission = platform["Resources"]["IntakeByFiles"]["Properties"]
    assert permission["FunctionName"] == laid["Function"] == {"Fn::GetAtt": ["Intake", "Arn"]}
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "IntakeByFiles" in bucket["DependsOn"], "S3 asks whether it may before it agrees"


def test_tables_are_those_of_the_formats_page(platform: Template) -> None:
    tables = {t["Properties"]["TableName"]: t["Properties"] for t in _tables(platform)}
    assert set(tables) == {
        "ladle-experiments",
        "ladle-releases",
        "ladle-counters",
        "ladle-predictions",
    }
    for table in tables.values():
        keys = [(k["AttributeName"], k["KeyType"]) for k in table["KeySchema"]]
        assert keys == [("pk", "HASH"), ("sk", "RANGE")]
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["SSESpecification"] == {"SSEEnabled": True}
    expiring = {n for n, t in tables.items() if "TimeToLiveSpecification" in t}
    assert expiring == {"ladle-counters", "ladle-predictions"}
    assert tables["ladle-releases"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    (index,) = tables["ladle-experiments"]["GlobalSecondaryIndexes"]
    assert [k["AttributeName"] for k in index["KeySchema"]] == ["sk", "at"]


def test_cloudwatch_may_use_the_key_of_the_topic(platform: Template) -> None:
    """Else alarms are cut without a word on AWS, while the emulator stays green."""
    topic = one(platform, "AWS::SNS::Topic")["Properties"]
    (key_id,) = resources(platform, "AWS::KMS::Key")
    assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": [key_id, "Arn"]}
    key = one(platform, "AWS::KMS::Key")["Properties"]
    to_cloudwatch = [
        s
        for s in key["KeyPolicy"]["Statement"]
        if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]
    assert [set(s["Action"]) for s in to_cloudwatch] == [{"kms:Decrypt", "kms:GenerateDataKey"}]
    assert [s["Effect"] for s in to_cloudwatch] == ["Allow"]
    assert "Condition" not in to_cloudwatch[0], "CloudWatch's call does not carry our conditions"
    assert key["EnableKeyRotation"] is True


def test_only_this_accounts_alarms_may_ring(platform: Template) -> None:
    policy = one(platform, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }


def test_no_permission_has_a_wildcard_action(platform: Template) -> None:
    allowed = [s for _, s in statements(platform) if s["Effect"] == "Allow"]
    actions = {action for s in allowed for action in as_list(s["Action"])}
    assert len(actions) > 20
    assert not [a for a in actions if "*" in a]


def test_a_permission_on_everything_is_one_that_aws_cannot_narrow(platform: Template) -> None:
    for name, statement in statements(platform):
        if statement["Effect"] == "Allow" and "*" in as_list(statement.get("Resource")):
            if name == "TopicKey":  # in a key's own policy * is that key
                continue
            assert set(as_list(statement["Action"])) <= WITHOUT_ARN, name
    metrics = [s for _, s in statements(platform) if s["Action"] == "cloudwatch:PutMetricData"]
    assert [s["Condition"] for s in metrics] == [
        {"StringEquals": {"cloudwatch:namespace": "Ladle"}}
    ]


def test_every_function_is_small_forgets_and_loses_no_event(platform: Template) -> None:
    functions = resources(platform, "AWS::Lambda::Function")
    assert {f["Properties"]["FunctionName"] for f in functions.values()} == {
        "ladle-intake",
        "ladle-collector",
        "ladle-judge",
        "ladle-controller",
    }
    groups = {
        g["Properties"]["LogGroupName"]: g["Properties"]["RetentionInDays"]
        for g in resources(platform, "AWS::Logs::LogGroup").values()
    }
    for function in functions.values():
        properties = function["Properties"]
        assert properties["Runtime"] == "python3.13"
        assert groups[f"/aws/lambda/{properties['FunctionName']}"] == 30
        assert "TargetArn" in properties["DeadLetterConfig"]
    assert one(platform, "AWS::SQS::Queue")["Properties"]["SqsManagedSseEnabled"] is True


def test_judge_and_controller_wake_each_minute(platform: Template) -> None:
    rules = resources(platform, "AWS::Events::Rule").values()
    assert {r["Properties"]["ScheduleExpression"] for r in rules} == {"rate(1 minute)"}
    woken = {t["Arn"]["Fn::GetAtt"][0] for r in rules for t in r["Properties"]["Targets"]}
    assert woken == {"Judge", "Controller"}


def test_alarms_and_new_messages_wake_the_controller(platform: Template) -> None:
    topic = one(platform, "AWS::SNS::Subscription")["Properties"]
    assert (topic["Protocol"], topic["Endpoint"]) == ("lambda", _arn_of("Controller"))
    mapping = one(platform, "AWS::Lambda::EventSourceMapping")["Properties"]
    assert mapping["FunctionName"] == {"Ref": "Controller"}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    (wanted,) = mapping["FilterCriteria"]["Filters"]
    pattern = json.loads(wanted["Pattern"])
    assert pattern["dynamodb"]["Keys"] == {"sk": {"S": [{"prefix": "INBOX#"}]}}
    assert mapping["MaximumRecordAgeInSeconds"] <= 600, "one bad record must not block the rest"


def test_who_may_invoke_what_is_counted_once_for_all_models(platform: Template) -> None:
    permissions = resources(platform, "AWS::Lambda::Permission").values()
    allowed: dict[tuple[str, str], list[str]] = {}
    for permission in permissions:
        may = permission["Properties"]
        who = (may["FunctionName"]["Fn::GetAtt"][0], may["Principal"].partition(".")[0])
        allowed.setdefault(who, []).append(text(may["SourceArn"]))
    assert set(allowed) == {
        ("Judge", "events"),
        ("Controller", "events"),
        ("Controller", "sns"),
        ("Collector", "logs"),
        ("Intake", "apigateway"),
        ("Intake", "s3"),
    }
    assert [arn.partition(":log-group:")[2] for arn in sorted(allowed["Collector", "logs"])] == [
        "/aws/sagemaker/Endpoints/ladle-*",
        "/ladle/*",
    ]
    assert [arn.partition(":*/*/")[2] for arn in allowed["Intake", "apigateway"]] == [
        "POST/feedback"
    ]
    assert [arn.partition(":s3:::")[2] for arn in allowed["Intake", "s3"]] == [
        "ladle-store-${AWS::AccountId}-${AWS::Region}"
    ]


def _tables(platform: Template) -> list[Template]:
    return list(resources(platform, "AWS::DynamoDB::Table").values())


def _arn_of(name: str) -> Template:
    return {"Fn::GetAtt": [name, "Arn"]}
