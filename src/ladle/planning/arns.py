"""An ARN is written here as CloudFormation writes it, with ``${AWS::Region}`` and its like left open.

Everything has a fixed name, so that no stack needs another one's exports.
"""

from __future__ import annotations

from ladle import digest, names
from ladle.secret_reference import SecretReference, SecretService

PARTITION, ACCOUNT, REGION = "${AWS::Partition}", "${AWS::AccountId}", "${AWS::Region}"
CDK_ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"  # as `cdk bootstrap` names it by default


def table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def function(name: str) -> str:
    """``name`` may end with ``:<version or alias>``."""
    return _arn("lambda", f"function:{name}")


def role(name: str) -> str:
    return _arn("iam", f"role/{name}", region="")


def topic() -> str:
    return _arn("sns", names.TOPIC)


def alarm(name: str) -> str:
    return _arn("cloudwatch", f"alarm:{name}")


def log_group(name: str) -> str:
    return _arn("logs", f"log-group:{name}")


def stack(name: str) -> str:
    return _arn("cloudformation", f"stack/{name}/*")


def master_secret() -> str:
    """Secrets Manager adds six characters to the name."""
    return _arn("secretsmanager", f"secret:{names.MASTER_SECRET}-??????")


def ecs(resource: str) -> str:
    return _arn("ecs", resource)


def balancer(resource: str) -> str:
    return _arn("elasticloadbalancing", resource)


def stage_of_the_door(name: str) -> str:
    """Of the REST API in the model's own stack."""
    return f"arn:{PARTITION}:apigateway:{REGION}::/restapis/${{Door}}/stages/{name}"


def integrations_of_the_door() -> str:
    """Of the HTTP API in the model's own stack."""
    return f"arn:{PARTITION}:apigateway:{REGION}::/apis/${{Door}}/integrations"


def deployments_of_the_door() -> str:
    """Of the REST API in the model's own stack."""
    return f"arn:{PARTITION}:apigateway:{REGION}::/restapis/${{Door}}/deployments"


def cdk_images() -> str:
    return _arn("ecr", f"repository/cdk-hnb659fds-container-assets-{ACCOUNT}-{REGION}")


def sagemaker(resource: str) -> str:
    return _arn("sagemaker", resource)


def scalable_targets() -> str:
    """Their names hold ids of AWS's own; the service that is scaled narrows them."""
    return _arn("application-autoscaling", "scalable-target/*")


def endpoint_scaling_role() -> str:
    """AWS's own, one for all endpoints of an account; made when the first of them scales."""
    service = "sagemaker.application-autoscaling.amazonaws.com"
    name = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return _arn("iam", f"role/aws-service-role/{service}/{name}", region="")


def budgets() -> str:
    """AWS names those of models itself."""
    return _arn("budgets", "budget/*", region="")


def ec2(resource: str) -> str:
    return _arn("ec2", resource)


def secret(reference: SecretReference) -> str:
    """Exactly one; Secrets Manager adds six characters to a name."""
    if reference.is_arn:
        return reference.name
    if reference.service is SecretService.PARAMETERS:
        return _arn("ssm", f"parameter/{reference.name.removeprefix('/')}")
    return _arn("secretsmanager", f"secret:{reference.name}-??????")


def store_bucket() -> str:
    """Its name, which holds account and region since all of AWS shares one list of names."""
    return names.store_bucket(ACCOUNT, REGION)


def store(objects: str = "") -> str:
    """The store's bucket, or with ``objects`` what lies in it."""
    path = f"{store_bucket()}/{objects}" if objects else store_bucket()
    return _arn("s3", path, region="", account="")


def object_of(bucket: str, key: str) -> str:
    return _arn("s3", f"{bucket}/{key}", region="", account="")


def cdk_asset(asset_hash: str, suffix: str) -> str:
    """A file that a deploy of the CDK uploads; its key is the hash of the hash that it was given."""
    key = digest.of_bytes(asset_hash.encode()).hex
    return _arn("s3", f"{CDK_ASSETS}/{key}.{suffix}", region="", account="")


def route_of_any_api(method: str, path: str) -> str:
    return _arn("execute-api", f"*/*/{method}{path}")


def _arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:{PARTITION}:{service}:{region}:{account}:{resource}"
