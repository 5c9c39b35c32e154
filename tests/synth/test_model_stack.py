"""One model: what serves it, what guards it, and that no other model can touch what is its own."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tests.synth.repository import (
    MODEL,
    MakeSynth,
    Synth,
    Template,
    as_list,
    one,
    resources,
    statements,
    synthesize,
    text,
    waits_for,
)

from ladle.errors import LadleError

ZIP = MODEL + "packaging: zip\n"
IMAGE = MODEL + "packaging: image\n"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    """Two models, one of each packaging."""
    return synthesize(tmp_path_factory.mktemp("model"), root, {"fraud": ZIP, "churn": IMAGE})


@pytest.fixture
def fraud(both: Synth) -> Template:
    return both.model("fraud")


def test_no_template_holds_a_version_an_alias_or_its_number(both: Synth) -> None:
    for template in both.templates.values():
        assert not resources(template, "AWS::Lambda::Version")
        assert not resources(template, "AWS::Lambda::Alias")
        assert "FunctionVersion" not in json.dumps(template)


def test_a_zip_names_its_handler_and_an_image_brings_its_own(both: Synth) -> None:
    zipped, image = _function(both.model("fraud")), _function(both.model("churn"))
    assert zipped["PackageType"] == "Zip"
    assert zipped["Runtime"] == "python3.13"
    assert zipped["Handler"] == "ladle_runtime.serving.lambda_entry.handle"
    assert image["PackageType"] == "Image"
    assert "Runtime" not in image
    assert "Handler" not in image
    assert "Fn::Sub" in image["Code"]["ImageUri"]


def test_the_function_knows_its_release_and_where_its_model_lies(both: Synth) -> None:
    spec, variables = both.specs["fraud"], _function(both.model())["Environment"]["Variables"]
    assert f"sha256:{variables['LADLE_RELEASE_DIGEST']}" == spec.release_digest
    assert variables["LADLE_MODEL"] == "fraud"
    assert json.loads(variables["LADLE_SPEC"])["backend"] == "onnx"
    from_bundle = {n: v["Fn::GetAtt"] for n, v in variables.items() if isinstance(v, dict)}
    assert from_bundle == {
        "LADLE_BUNDLE_BUCKET": ["Bundle", "Bucket"],
        "LADLE_BUNDLE_KEY": ["Bundle", "Key"],
        "LADLE_BUNDLE_VERSION": ["Bundle", "VersionId"],
        "LADLE_BUNDLE_SHA256": ["Bundle", "Sha256"],
        "LADLE_LOG_KEY": ["Bundle", "LogKey"],
    }


def test_serving_may_read_its_own_releases_and_write_its_own_log(fraud: Template) -> None:
    allowed = {
        action: [text(r) for r in as_list(s["Resource"])]
        for name, s in statements(fraud)
        if name.startswith("ServingRole") and "Resource" in s
        for action in as_list(s["Action"])
    }
    own_log = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ladle/fraud:*"
    store = "arn:${AWS::Partition}:s3:::ladle-store-${AWS::AccountId}-${AWS::Region}"
    assert allowed == {
        "s3:GetObjectVersion": [f"{store}/release/fraud/*"],
        "logs:CreateLogStream": [own_log],
        "logs:PutLogEvents": [own_log],
    }


def test_nothing_of_one_model_is_permitted_to_another(both: Synth) -> None:
    for mine, other in (("fraud", "churn"), ("churn", "fraud")):
        assert other not in json.dumps(both.model(mine))


def test_no_permission_has_a_wildcard_action_or_everything_as_its_resource(both: Synth) -> None:
    for model in ("fraud", "churn"):
        allowed = [s for _, s in statements(both.model(model)) if s["Effect"] == "Allow"]
        assert not [a for s in allowed for a in as_list(s["Action"]) if "*" in a]
        assert not [s for s in allowed if "*" in as_list(s.get("Resource"))]


def test_only_the_controller_may_take_the_role_that_moves_traffic(
    both: Synth, fraud: Template
) -> None:
    (router,) = (
        r["Properties"]
        for r in resources(fraud, "AWS::IAM::Role").values()
        if r["Properties"].get("RoleName") == "ladle-fraud-router"
    )
    (trust,) = router["AssumeRolePolicyDocument"]["Statement"]
    (who,) = trust["Condition"]["ArnEquals"].items()
    assert who[0] == "aws:PrincipalArn"
    assert text(who[1]).endswith(":role/ladle-controller")
    controller = both.platform()["Resources"]["Controller"]["Properties"]["Role"]["Fn::GetAtt"][0]
    role = both.platform()["Resources"][controller]["Properties"]
    assert role["RoleName"] == "ladle-controller", "the name that the trust speaks of"
    granted = {a for s in _granted(router) for a in as_list(s["Action"])}
    moves = {"lambda:GetAlias", "lambda:UpdateAlias", "lambda:InvokeFunction"}
    warms = {f"lambda:{verb}ProvisionedConcurrencyConfig" for verb in ("Delete", "Get", "Put")}
    assert granted == moves | warms | {"lambda:ListVersionsByFunction"}


def test_nobody_else_may_move_an_alias(both: Synth) -> None:
    holders = {
        name
        for template in both.templates.values()
        for name, s in statements(template)
        if "lambda:UpdateAlias" in as_list(s["Action"])
    }
    assert {h.rstrip("0123456789ABCDEF") for h in holders} == {"RouterRole"}


def test_the_hand_off_may_delete_versions_but_never_the_function(fraud: Template) -> None:
    (deletes,) = (s for _, s in statements(fraud) if s["Action"] == "lambda:DeleteFunction")
    assert text(deletes["Resource"]).endswith(":function:ladle-fraud:*")


def test_the_evidence_alarm_rings_the_topic_at_ln_one_over_alpha(synth: MakeSynth) -> None:
    stricter = ZIP + "rollout: {false_rollback_rate: 0.001}\n"
    for config, alpha in ((ZIP, 0.01), (stricter, 0.001)):
        alarm = one(synth(fraud=config).model(), "AWS::CloudWatch::Alarm")["Properties"]
        assert alarm["Threshold"] == pytest.approx(math.log(1 / alpha), abs=1e-6)
        assert (alarm["Namespace"], alarm["MetricName"]) == ("Ladle", "log_e")
        assert alarm["Dimensions"] == [{"Name": "Model", "Value": "fraud"}]
        assert alarm["Statistic"] == "Maximum"
        assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (1, 1)
        assert alarm["TreatMissingData"] == "notBreaching"
        assert [text(a).rpartition(":")[2] for a in alarm["AlarmActions"]] == ["ladle-alarms"]


def test_lines_of_the_model_go_to_the_collector_and_are_forgotten_in_time(
    synth: MakeSynth,
) -> None:
    template = synth(fraud=ZIP + "logs: {retention: 60d}\n").model()
    groups = {
        g["Properties"]["LogGroupName"]: g["Properties"]["RetentionInDays"]
        for g in resources(template, "AWS::Logs::LogGroup").values()
    }
    assert groups["/ladle/fraud"] == 60
    assert set(groups) == {
        "/ladle/fraud",
        "/aws/lambda/ladle-fraud-handoff",
        "/aws/lambda/ladle-fraud-bundle",
    }
    assert _function(template)["LoggingConfig"] == {"LogGroup": "/ladle/fraud"}
    lines = one(template, "AWS::Logs::SubscriptionFilter")["Properties"]
    assert text(lines["DestinationArn"]).endswith(":function:ladle-collector")
    assert lines["FilterPattern"] == "", "the emulator matches no other that we could use"


def test_the_model_is_copied_before_the_function_changes_and_handed_over_after(
    fraud: Template,
) -> None:
    assert "Bundle" in waits_for(fraud, "Function")
    before_release = waits_for(fraud, "Release")
    assert {"Function", "EvidenceAlarm", "LinesToCollector"} <= before_release
    assert any(name.startswith("RouterRole") for name in before_release)


def test_whatever_needs_the_alias_stands_behind_the_hand_off(fraud: Template) -> None:
    for name in ("PredictIntegration", "PredictByDoor", "PredictRoute0"):
        assert "Release" in waits_for(fraud, name)
    uri = fraud["Resources"]["PredictIntegration"]["Properties"]["IntegrationUri"]
    assert uri == {"Fn::GetAtt": ["Release", "AliasArn"]}


def test_the_hand_off_is_told_everything_that_the_ledger_keeps(both: Synth) -> None:
    spec = both.specs["fraud"]
    told = one(both.model(), "Custom::LadleRelease")["Properties"]
    assert told["ReleaseDigest"] == spec.release_digest
    assert told["ModelDigest"] == spec.model_digest
    assert json.loads(told["Policy"]) == json.loads(json.dumps(spec.policy.to_json()))
    assert len(told["Serving"]["CodeSha256"]) == 44
    assert "Serving" not in one(both.model("churn"), "Custom::LadleRelease")["Properties"]
    assert told["ServiceTimeout"] < 3600, "a hand-off that hangs must not hold the stack an hour"


def test_predictions_go_to_the_alias_and_labels_to_the_intake(fraud: Template) -> None:
    targets = {
        r["Properties"]["RouteKey"]: r["Properties"]["Target"]["Fn::Join"][1][1]["Ref"]
        for r in resources(fraud, "AWS::ApiGatewayV2::Route").values()
    }
    assert targets["POST /predict"] == "PredictIntegration"
    assert targets.pop("POST /feedback") == "FeedbackIntegration"
    assert set(targets.values()) == {"PredictIntegration"}
    intake = fraud["Resources"]["FeedbackIntegration"]["Properties"]["IntegrationUri"]
    assert text(intake).endswith(":function:ladle-intake")
    stage = one(fraud, "AWS::ApiGatewayV2::Stage")["Properties"]
    assert stage["StageVariables"] == {"model": "fraud"}
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 50


def test_the_door_asks_who_comes_unless_somebody_answers_for_opening_it(synth: MakeSynth) -> None:
    opened = ZIP + "door: {auth: none, public_acknowledged_by: ada@example.com}\n"
    for config, expected in ((ZIP, {"AWS_IAM"}), (opened, {"NONE"})):
        routes = resources(synth(fraud=config).model(), "AWS::ApiGatewayV2::Route").values()
        assert {r["Properties"]["AuthorizationType"] for r in routes} == expected


def test_people_hear_only_of_their_own_model(synth: MakeSynth) -> None:
    template = synth(fraud=ZIP + "notify: ['mailto:ada@example.com']\n").model()
    told = one(template, "AWS::SNS::Subscription")["Properties"]
    assert (told["Protocol"], told["Endpoint"]) == ("email", "ada@example.com")
    assert told["FilterPolicy"] == {"ladle-notice": ["fraud"]}


def test_a_stack_names_its_platform_and_imports_nothing_from_it(both: Synth) -> None:
    for template in both.templates.values():
        assert "Fn::ImportValue" not in json.dumps(template)
        assert not [o for o in template.get("Outputs", {}).values() if "Export" in o]


def test_requirements_in_a_zip_are_refused_by_name(synth: MakeSynth) -> None:
    with pytest.raises(LadleError, match=r"LD227 fraud: .* requirements.txt"):
        synth(fraud=ZIP + "requirements: requirements.txt\n")


def _function(template: Template) -> Template:
    properties: Template = template["Resources"]["Function"]["Properties"]
    return properties


def _granted(role: Template) -> list[Template]:
    (policy,) = role["Policies"]
    granted: list[Template] = policy["PolicyDocument"]["Statement"]
    return granted
