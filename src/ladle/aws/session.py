"""The only place where AWS clients are made: one account, one region, one set of retry rules."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError, ProfileNotFound

from ladle.errors import NeedsCredentials
from ladle.sigv4 import Credentials

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sts import STSClient

    from ladle.aws.api_clients import HttpApiClient, RestApiClient

# Standard mode backs off with jitter; five tries fit into a controller's lease.
_RETRIES = Config(
    retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3, read_timeout=70
)
# Bytes are hashed once, by us: every PUT declares its SHA-256 in a signed header, which S3 verifies,
# and what is read is compared with its digest. The SDK's own checksums would hash them again.
_STORE = _RETRIES.merge(
    Config(
        s3={"payload_signing_enabled": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=16,
    )
)


class AwsSession:
    """Clients of one account and region; ``endpoint`` is the embedded AWS, None is AWS itself."""

    def __init__(
        self,
        region: str | None = None,
        endpoint: str | None = None,
        embedded: bool = False,
        profile: str | None = None,
    ) -> None:
        self._boto = (
            boto3.session.Session(
                region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
            )
            if embedded
            else _session(region, profile)
        )
        self._endpoint = endpoint

    @property
    def region(self) -> str:
        region = self._boto.region_name
        if region is None:
            raise NeedsCredentials(
                "LD240",
                "no AWS region is set",
                "write the workspace as aws://<account>/<region>, or set AWS_REGION",
            )
        return region

    @cached_property
    def account(self) -> str:
        """The twelve digits of who is asking; asks STS once."""
        try:
            return self.sts.get_caller_identity()["Account"]
        except NoCredentialsError as error:
            raise _nobody_asks() from error

    @property
    def credentials(self) -> Credentials:
        """As they are now; those of a role change while a process runs. Raises LD241."""
        found = self._boto.get_credentials()
        frozen = found and found.get_frozen_credentials()
        if not frozen or frozen.access_key is None or frozen.secret_key is None:
            raise _nobody_asks()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    def arn(self, service: str, resource: str, regional: bool = True) -> str:
        """The name that AWS gives to a resource of this account."""
        partition = self._boto.get_partition_for_region(self.region)
        return (
            f"arn:{partition}:{service}:{self.region if regional else ''}:{self.account}:{resource}"
        )

    def as_role(self, role: str) -> AwsSession:
        """The same account and region with no more than ``role`` may do; for an hour."""
        answer = self.sts.assume_role(
            RoleArn=self.arn("iam", f"role/{role}", regional=False), RoleSessionName="ladle"
        )
        keys = answer["Credentials"]
        taken = AwsSession(self.region, self._endpoint)
        taken._boto = boto3.session.Session(
            region_name=self.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        return taken

    @cached_property
    def s3(self) -> S3Client:
        return self._boto.client("s3", endpoint_url=self._endpoint, config=_STORE)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return self._boto.client("dynamodb", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def lambda_(self) -> LambdaClient:
        return self._boto.client("lambda", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        return self._boto.client("cloudwatch", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self._boto.client("logs", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def sns(self) -> SNSClient:
        return self._boto.client("sns", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def sts(self) -> STSClient:
        return self._boto.client("sts", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def secrets(self) -> SecretsManagerClient:
        return self._boto.client("secretsmanager", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self._boto.client("cloudformation", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def ecs(self) -> ECSClient:
        return self._boto.client("ecs", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def balancer(self) -> ElasticLoadBalancingv2Client:
        return self._boto.client("elbv2", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        return self._boto.client("sagemaker", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def scaling(self) -> ApplicationAutoScalingClient:
        return self._boto.client(
            "application-autoscaling", endpoint_url=self._endpoint, config=_RETRIES
        )

    @cached_property
    def inference(self) -> Any:
        """Without stubs of its own; see ``ladle.aws.async_jobs``."""
        boto: Any = self._boto
        return boto.client("sagemaker-runtime", endpoint_url=self._endpoint, config=_RETRIES)

    def inference_once(self, patience_s: int) -> Any:
        """For callers who wait: one try, of at most so long."""
        once = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=1,
            read_timeout=patience_s,
            tcp_keepalive=True,
        )
        boto: Any = self._boto
        return boto.client("sagemaker-runtime", endpoint_url=self._endpoint, config=once)

    @cached_property
    def apis(self) -> RestApiClient:
        boto: Any = self._boto
        client: RestApiClient = boto.client(
            "apigateway", endpoint_url=self._endpoint, config=_RETRIES
        )
        return client

    @cached_property
    def http_apis(self) -> HttpApiClient:
        boto: Any = self._boto
        client: HttpApiClient = boto.client(
            "apigatewayv2", endpoint_url=self._endpoint, config=_RETRIES
        )
        return client

    @cached_property
    def ecr(self) -> Any:
        """Without stubs of its own; see ``ladle.aws.image_registry.EcrClient``."""
        boto: Any = self._boto
        return boto.client("ecr", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def builds(self) -> Any:
        """Without stubs of its own; see ``ladle.aws.image_builds.CodeBuildClient``."""
        boto: Any = self._boto
        return boto.client("codebuild", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def budgets(self) -> Any:
        """Without stubs of its own; see ``ladle.aws.ceiling_reader.BudgetsClient``."""
        boto: Any = self._boto
        return boto.client("budgets", endpoint_url=self._endpoint, config=_RETRIES)

    @cached_property
    def quotas(self) -> Any:
        """Without stubs of its own; see ``ladle.aws.account_facts.QuotaClient``."""
        boto: Any = self._boto
        return boto.client("service-quotas", endpoint_url=self._endpoint, config=_RETRIES)


def _session(region: str | None, profile: str | None) -> boto3.session.Session:
    try:
        return boto3.session.Session(region_name=region, profile_name=profile)
    except ProfileNotFound as error:
        raise NeedsCredentials(
            "LD241",
            f"AWS does not know who is asking: there is no profile {profile}",
            "aws configure list-profiles lists those of this machine",
        ) from error


def _nobody_asks() -> NeedsCredentials:
    return NeedsCredentials(
        "LD241",
        "AWS does not know who is asking: no credentials were found",
        "sign in (aws sso login), set AWS_PROFILE, or use the embedded AWS: ladle embedded up",
    )
