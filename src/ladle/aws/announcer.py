"""News for people on the platform's topic; the controller, which listens there too, skips them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.faults import asking

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_SUBJECT_CHARACTERS = 100  # what SNS takes


class SnsAnnouncer:
    """Publishes with the model's name as an attribute, so that subscriptions can filter by it."""

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def announce(self, model: str, subject: str, text: str) -> None:
        plain = subject.encode("ascii", "replace").decode()
        with asking(f"to announce something about {model}"):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=plain[:_SUBJECT_CHARACTERS],
                Message=text,
                MessageAttributes={
                    names.NOTICE_ATTRIBUTE: {"DataType": "String", "StringValue": model}
                },
            )
