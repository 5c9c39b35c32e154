"""An endpoint is asked alike on moto and on a stand-in that speaks as botocore's model of SageMaker says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws
from tests.runtime.invoked import Endpoint, Said, listening

from ladle.aws.endpoint_answers import Answered, EndpointAnswers, Refused
from ladle.aws.inference_request import Request
from ladle.aws.session import AwsSession

REQUEST = Request.of(b"1,2\n", {"content-type": "text/csv", "ladle-shape": "1,2"})
MOTOS = Said(200, "content_type", b"body", "custom_attributes")  # whatever it is asked
PROBLEM = b'{"type": "urn:ladle:error:LD413"}'


@pytest.fixture(params=["moto", "stand-in"])
def answers(request: pytest.FixtureRequest) -> Iterator[EndpointAnswers]:
    if request.param == "moto":
        with mock_aws():
            yield EndpointAnswers(AwsSession("eu-west-1").inference_once(5), "flowers")
        return
    with listening(Endpoint(lambda _body, _headers: MOTOS)) as endpoint:
        session = AwsSession("eu-west-1", endpoint.url, embedded=True)
        yield EndpointAnswers(session.inference_once(5), "flowers")


def test_an_answer_is_what_the_container_said(answers: EndpointAnswers) -> None:
    assert answers.ask(REQUEST) == Answered("content_type", b"body", "custom_attributes")


def test_a_refusal_is_the_containers_with_its_status_and_its_words() -> None:
    """Which moto makes none of."""
    endpoint = Endpoint(lambda _body, _headers: Said(422, "application/problem+json", PROBLEM))
    with listening(endpoint) as refusing:
        session = AwsSession("eu-west-1", refusing.url, embedded=True)
        found = EndpointAnswers(session.inference_once(5), "flowers").ask(REQUEST)
    assert found == Refused(422, PROBLEM.decode())
    assert endpoint.asked[0]["x-amzn-sagemaker-custom-attributes"] == "ladle-shape=1,2"
