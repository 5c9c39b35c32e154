"""Each kind of door lets in whom its config names, and leads labels to the intake alone."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from tests.synth.repository import DOORS, Synth, Template, one, resources, synthesize, text

from ladle.catalog import DoorKind
from ladle.config.doors import FILE, doors
from ladle_stacks.doors import http_api, rest_api
from ladle_stacks.doors.behind import ToFunction, ToListener, ToService
from ladle_stacks.doors.front_door import OPENERS

INTAKE = ToFunction("arn:aws:lambda:eu-west-1:111122223333:function:ladle-intake")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("doors"), root, DOORS)


def operations(template: Template) -> dict[str, Template]:
    """``POST /predict`` -> the operation, of a REST API's description."""
    body = one(template, "AWS::ApiGateway::RestApi")["Properties"]["Body"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }


def test_every_row_of_the_table_has_what_opens_it() -> None:
    assert {row.kind for row in doors()} == set(OPENERS) == set(DoorKind)
    assert FILE.read_text().count("source = ") == len(doors())


def test_a_key_lets_predictions_in_and_labels_need_a_signature(made: Synth) -> None:
    found = operations(made.model("keyed"))
    asked = {name: [list(s) for s in op["security"]] for name, op in found.items()}
    assert asked.pop("POST /feedback") == [["signature"]]
    assert set(map(str, asked.values())) == {"[['key']]"}


def test_a_key_has_its_rate_and_its_quota_and_no_value(made: Synth) -> None:
    template = made.model("keyed")
    plan = one(template, "AWS::ApiGateway::UsagePlan")["Properties"]
    assert plan["Throttle"] == {"RateLimit": 5, "BurstLimit": 10}
    assert plan["Quota"] == {"Limit": 1000, "Period": "DAY"}
    assert "Value" not in one(template, "AWS::ApiGateway::ApiKey")["Properties"]
    assert "UsagePlan" not in json.dumps(template["Outputs"])


def test_a_rest_api_leads_to_the_alias_and_labels_to_the_intake(made: Synth) -> None:
    found = operations(made.model("keyed"))
    uris = {
        name: json.dumps(op["x-amazon-apigateway-integration"]["uri"]) for name, op in found.items()
    }
    assert "function:ladle-intake" in uris.pop("POST /feedback")
    assert len(uris) == 9
    assert all('"Fn::GetAtt": ["Release", "AliasArn"]' in uri for uri in uris.values())
    stage = one(made.model("keyed"), "AWS::ApiGateway::Stage")["Properties"]
    assert stage["Variables"] == {"model": "keyed"}


def test_another_description_is_another_deployment(tmp_path: Path, root: Path, made: Synth) -> None:
    changed = {"keyed": DOORS["keyed"].replace("api_key", "api_key, public_acknowledged_by: ada")}
    same = synthesize(tmp_path / "same", root, changed)
    slower = {"keyed": DOORS["keyed"] + "compute: {timeout_s: 7}\n"}
    other = synthesize(tmp_path / "other", root, slower)

    def deployment(of: Synth) -> set[str]:
        return set(resources(of.model("keyed"), "AWS::ApiGateway::Deployment"))

    assert deployment(same) == deployment(made)
    assert deployment(other) != deployment(made)


def test_tokens_are_checked_for_issuer_and_audience_on_every_route(made: Synth) -> None:
    template = made.model("tokens")
    (id_, check) = next(iter(resources(template, "AWS::ApiGatewayV2::Authorizer").items()))
    assert check["Properties"]["JwtConfiguration"] == {
        "Issuer": "https://login.example.com/",
        "Audience": ["fraud"],
    }
    for route in resources(template, "AWS::ApiGatewayV2::Route").values():
        assert route["Properties"]["AuthorizationType"] == "JWT"
        assert route["Properties"]["AuthorizerId"] == {"Ref": id_}


def test_pages_are_let_in_by_origin(made: Synth) -> None:
    cors = one(made.model("tokens"), "AWS::ApiGatewayV2::Api")["Properties"]["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://app.example.com"]
    assert "*" not in json.dumps(cors)


def test_a_domain_has_its_certificate_and_says_what_dns_must_name(made: Synth) -> None:
    template = made.model("named")
    domain = one(template, "AWS::ApiGatewayV2::DomainName")["Properties"]
    (configured,) = domain["DomainNameConfigurations"]
    assert configured["SecurityPolicy"] == "TLS_1_2"
    assert configured["CertificateArn"].startswith("arn:aws:acm:eu-west-1:")
    target = template["Outputs"]["DomainTarget"]["Value"]
    assert target == {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}


def test_a_functions_url_leads_to_the_alias_and_labels_have_a_door_beside_it(made: Synth) -> None:
    template = made.model("direct")
    url = one(template, "AWS::Lambda::Url")
    assert url["Properties"]["AuthType"] == "AWS_IAM"
    assert url["Properties"]["Qualifier"] == "live"
    assert "Release" in url["DependsOn"], "the alias is the hand-off's to make"
    routes = resources(template, "AWS::ApiGatewayV2::Route").values()
    assert [r["Properties"]["RouteKey"] for r in routes] == ["POST /feedback"]
    assert set(template["Outputs"]) == {"Url", "LabelsUrl", "Settings"}
    function = template["Resources"]["Function"]["Properties"]
    assert function["ReservedConcurrentExecutions"] == 20


def test_anyone_may_use_a_public_url_by_its_url_only(made: Synth) -> None:
    found = resources(made.model("anybody"), "AWS::Lambda::Permission").values()
    by_action = {r["Properties"]["Action"]: r["Properties"] for r in found}
    assert by_action["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE"
    assert by_action["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True


def test_a_load_balancer_stands_behind_an_http_api_and_a_service_behind_a_rest_api(
    made: Synth,
) -> None:
    app, spec = cdk.App(), made.specs["named"]
    listener = ToListener("arn:listener", "vpc-link")
    private, service = cdk.Stack(app, "private"), cdk.Stack(app, "service")
    http_api.opened(private, spec, listener, INTAKE)
    rest_api.opened(service, spec, ToService("arn:sagemaker", "arn:role"), INTAKE)
    assembly = app.synth()
    [template] = [s.template for s in assembly.stacks if s.stack_name == "private"]
    predicts = template["Resources"]["PredictIntegration"]["Properties"]
    assert predicts["ConnectionType"] == "VPC_LINK"
    assert not resources(template, "AWS::Lambda::Permission")
    [template] = [s.template for s in assembly.stacks if s.stack_name == "service"]
    asked = operations(template)["POST /predict"]["x-amazon-apigateway-integration"]
    assert (asked["type"], asked["uri"], asked["credentials"]) == (
        "aws",
        "arn:sagemaker",
        "arn:role",
    )
    assert text(template["Resources"]["Door"]["Properties"]["Name"]) == "ladle-named"
