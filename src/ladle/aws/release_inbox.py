"""Messages for the controller in the ledger's table, whose stream wakes it; each is taken in once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.aws.release_ledger import DONE, INBOX, cancelled_by, index_item, key, query
from ladle.errors import Unavailable
from ladle.ports import Delivered, Message
from ladle.releases.messages import message_from_json, message_to_json

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ABSENT = "attribute_not_exists(pk)"


class AwsReleaseInbox:
    """The ReleaseInbox of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: DynamoDBClient, table: str = names.RELEASES_TABLE) -> None:
        self._client = client
        self._table = table

    def post(self, model: str, message_id: str, message: Message, at: float) -> None:
        body = json.dumps(message_to_json(message))
        item = key(model, INBOX + message_id) | {"body": {"S": body}, "at": {"N": str(at)}}
        table = self._table
        with asking(f"to leave a message for {model}'s controller"):
            try:
                self._client.transact_write_items(
                    TransactItems=[
                        {"Put": {"TableName": table, "Item": item, "ConditionExpression": _ABSENT}},
                        {
                            "ConditionCheck": {
                                "TableName": table,
                                "Key": key(model, DONE + message_id),
                                "ConditionExpression": _ABSENT,
                            }
                        },
                        {"Put": {"TableName": table, "Item": index_item(model)}},
                    ]
                )
            except ClientError as error:
                if not _posted_before(error):
                    raise

    def pending(self, model: str) -> Sequence[Delivered]:
        with asking(f"for the messages to {model}'s controller"):
            items = list(query(self._client, self._table, f"MODEL#{model}", INBOX))
        delivered = [
            Delivered(
                id=str(item["sk"]["S"]).removeprefix(INBOX),
                at=float(item["at"]["N"]),
                message=message_from_json(json.loads(item["body"]["S"])),
            )
            for item in items
        ]
        return sorted(delivered, key=lambda d: (d.at, d.id))


def _posted_before(error: ClientError) -> bool:
    """A cancelled transaction says why; a mere collision or throttling may be tried again."""
    reasons = cancelled_by(error)
    if "ConditionalCheckFailed" in reasons:
        return True
    if code_of(error) == "TransactionCanceledException":
        what = f"the message was not stored: {', '.join(sorted(reasons))}"
        raise Unavailable("LD502", what, "post it again: it is delivered once")
    return False
