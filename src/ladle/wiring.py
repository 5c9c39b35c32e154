# long: one function for each thing that a workspace opens, and no second place for them
"""A workspace URL becomes ports; the only place where adapters are chosen.

``aws://<account>/<region>`` is an AWS account, ``embedded:`` (the default) the AWS that
``ladle embedded up`` started in this repository, ``dir:PATH`` a folder without deployments.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ladle.errors import LadleError, NeedsCredentials, Unavailable
from ladle.names import store_bucket
from ladle.project.settings import setting

if TYPE_CHECKING:
    from ladle.actions.bring_release import Origin
    from ladle.actions.gather_experiment import Run
    from ladle.actions.pin_object import FetchObject
    from ladle.actions.send_draft import Sender
    from ladle.aws.account_facts import AwsAccount
    from ladle.aws.model_package import PackagedModel
    from ladle.aws.session import AwsSession
    from ladle.disk.embedded_state import EmbeddedState
    from ladle.disk.seen_heads import SeenHeads
    from ladle.ports import (
        BundleStore,
        Clock,
        DeployTool,
        FileIndex,
        ImageBuilder,
        ImageRegistry,
        LogReader,
        PackCatalogue,
        Predictor,
        Progress,
        Stacks,
        TrainingJobs,
        Workspace,
    )

DEFAULT_URL = "embedded:"
BOOTSTRAP_STACK = "CDKToolkit"
_OBJECT = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)")
_AWS = re.compile(r"aws://(?P<account>\d{12})/(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)")


def workspace_url(start: Path) -> str:
    """``LADLE_WORKSPACE``, else ``[tool.ladle] workspace`` of the nearest pyproject.toml that has it."""
    wanted = os.environ.get("LADLE_WORKSPACE")
    if wanted:
        return wanted
    return setting(start, "workspace") or DEFAULT_URL


def open_workspace(url: str | None, start: Path) -> Workspace:
    """The ports of ``url``, or of the workspace that ``start`` belongs to.

    Raises LD242 for a URL of another form, LD708 when the embedded AWS does not run, LD241 and
    LD243 when AWS knows somebody else or nobody.
    """
    wanted = url or workspace_url(start)
    if wanted.startswith("dir:"):
        from ladle.disk.workspace import disk_workspace

        return disk_workspace(start.resolve() / Path(wanted[4:]).expanduser(), wanted)
    from ladle.actions.behind_one_door import BehindOneDoor
    from ladle.aws.workspace import aws_workspace
    from ladle.disk.clock import SystemClock

    return aws_workspace(_session(wanted, start), wanted, SystemClock(), BehindOneDoor)


@dataclass(frozen=True, slots=True)
class LocalIndex:
    """What this machine need not find out twice; it can be deleted at any time."""

    files: FileIndex
    packs: PackCatalogue


def open_index(start: Path) -> LocalIndex:
    """The index of the repository whose root is ``start``."""
    from ladle.disk.file_index import SqliteFileIndex
    from ladle.disk.index_database import IndexDatabase
    from ladle.disk.pack_catalogue import SqlitePackCatalogue

    database = IndexDatabase(start.resolve() / ".ladle" / "index.sqlite")
    return LocalIndex(SqliteFileIndex(database), SqlitePackCatalogue(database))


def open_sender(url: str | None, start: Path, progress: Progress) -> Sender:
    """What brings the runs of this repository into the store of ``url``, or of its workspace."""
    from ladle.actions.send_draft import Sender
    from ladle.disk.clock import SystemClock
    from ladle.disk.outbox import DiskOutbox

    index = open_index(start)
    workspace = open_workspace(url, start)
    heads = open_seen_heads(workspace.url, start)
    outbox, clock = DiskOutbox(start), SystemClock()
    return Sender(workspace, outbox, index.files, index.packs, clock, progress, heads.saw)


def open_run(model: str, start: Path, folder: Path, url: str | None, progress: Progress) -> Run:
    """A run of the repository at ``start`` that keeps what is small in ``folder`` of the outbox."""
    from ladle.actions.gather_experiment import Means, Run
    from ladle.disk.object_store import DiskObjectStore
    from ladle.experiments.names import ID_DIGITS, read_id
    from ladle.project.golden_files import golden_inputs
    from ladle.project.repository import PACKAGES
    from ladle.tools.git import Git
    from ladle.tools.model_jail import ModelJail
    from ladle.tools.tables import profiled

    def full_id(text: str) -> str:
        digits = read_id(text)
        if len(digits) == ID_DIGITS:
            return digits
        return open_workspace(url, start).manifests.get(digits).manifest.id

    objects = DiskObjectStore(folder)
    files = open_index(start).files
    jail = ModelJail(golden=golden_inputs(start / PACKAGES / model))
    means = Means(objects, Git(), jail, files, profiled, full_id, progress)
    return Run(model, start, means)


def open_seen_heads(url: str, start: Path) -> SeenHeads:
    """What this repository saw of a workspace. Each embedded AWS begins anew and is another one."""
    from ladle.disk.seen_heads import SeenHeads

    began = f"{_embedded_state(start)[1].started_at}" if url == DEFAULT_URL else ""
    return SeenHeads(start.resolve(), url + began)


def deploy_tool(url: str, start: Path, on_line: Callable[[str], None]) -> DeployTool:
    """The CDK for a workspace; the embedded AWS is bootstrapped on the way, an account never."""
    from ladle.aws.stack_reader import AwsStackReader
    from ladle.disk.embedded_state import aws_environment
    from ladle.tools.cdk import CdkCli

    session = _session(url, start)
    if url != DEFAULT_URL:
        home = {"CDK_DEFAULT_ACCOUNT": session.account, "CDK_DEFAULT_REGION": session.region}
        return CdkCli(start, home, on_line)
    folder, state = _embedded_state(start)
    stacks = AwsStackReader(session.cloudformation)
    return CdkCli(
        start,
        aws_environment(state, folder),
        on_line,
        bootstrap_first=lambda: not stacks.exists(BOOTSTRAP_STACK),
        answers=lambda: _listens(state),
    )


def open_bundles(url: str, start: Path) -> BundleStore:
    """The copies of models that releases of the workspace ``url`` read."""
    return _bundles(_session(url, start))


def open_origin(name: str, url: str, start: Path, profile: str | None) -> Origin:
    """Another place of deployment, ``name``, with the credentials of an AWS profile if one is given."""
    from ladle.actions.bring_release import Origin
    from ladle.aws.release_ledger import AwsReleaseLedger

    session = _session(url, start, profile)
    ledger, bundles = AwsReleaseLedger(session.dynamodb), _bundles(session)
    return Origin(name, ledger, bundles, lambda: _images(session))


def open_images(url: str, start: Path) -> ImageRegistry:
    """The images that deploys to the workspace ``url`` made."""
    return _images(_session(url, start))


def _images(session: AwsSession) -> ImageRegistry:
    from ladle.aws.image_registry import EcrRegistry, as_publisher, repository

    return EcrRegistry(as_publisher(session).ecr, repository(session))


def open_image_builder(
    url: str, start: Path, clock: Clock, make_project: Callable[[], None]
) -> ImageBuilder:
    """The project that builds images in the account of ``url``; ``make_project`` deploys it."""
    from ladle.aws.image_builds import CodeBuildImages
    from ladle.aws.image_registry import repository

    session = _session(url, start)
    store = store_bucket(session.account, session.region)
    registry = f"{session.account}.dkr.ecr.{session.region}.amazonaws.com"
    return CodeBuildImages(
        session.builds,
        session.s3,
        session.logs,
        store,
        f"{registry}/{repository(session)}",
        clock,
        make_project,
    )


def _bundles(session: AwsSession) -> BundleStore:
    from ladle.aws.bundle_store import AwsBundleStore

    return AwsBundleStore(session.s3, store_bucket(session.account, session.region))


def open_log_reader(start: Path) -> LogReader:
    """The logs of what the workspace that ``start`` belongs to has deployed."""
    from ladle.aws.log_reader import AwsLogReader

    return AwsLogReader(_session(workspace_url(start), start).logs)


def open_training_jobs(url: str, start: Path) -> TrainingJobs:
    """SageMaker of the workspace ``url``. Raises LD254 for one that has none."""
    if url == DEFAULT_URL or url.startswith("dir:"):
        raise LadleError(
            "LD254",
            f"the workspace {url} has no SageMaker to train on",
            "set LADLE_WORKSPACE to aws://<account>/<region>, or train here: leave --on out",
        )
    from ladle.aws.training_jobs import SageMakerJobs

    session = _session(url, start)
    bucket = store_bucket(session.account, session.region)
    return SageMakerJobs(session.sagemaker, session.s3, session.logs, bucket)


def training_image(named: str, url: str, start: Path, instance: str) -> str:
    """The address of an image, from ``pytorch:2.6`` or as it is. Raises LD257."""
    from ladle.aws.framework_images import training_image as address_of

    return address_of(named, _session(url, start).region, instance)


def fetch_model_package(arn: str, to: Path) -> PackagedModel:
    """The model of SageMaker's registry, in the region that ``arn`` names. Raises LD398."""
    from ladle.aws.model_package import fetch_model, region_of
    from ladle.aws.session import AwsSession

    session = AwsSession(region_of(arn))
    return fetch_model(session.sagemaker, session.s3, arn, to)


def open_stacks(url: str, start: Path) -> Stacks:
    """What CloudFormation holds in the workspace ``url``."""
    from ladle.aws.stacks import AwsStacks

    return AwsStacks(_session(url, start).cloudformation)


def open_account(url: str) -> AwsAccount | None:
    """The account behind a workspace, not yet asked; None for one without. Raises LD242."""
    if url == DEFAULT_URL or url.startswith("dir:"):
        return None
    from ladle.aws.account_facts import AwsAccount

    return AwsAccount(_named_session(url))


def door_of(url: str, start: Path, model: str) -> str:
    """The address in front of a model's routes. Raises NotFound when the model is not deployed."""
    from ladle.aws.model_door import find_address

    if url == DEFAULT_URL:
        return f"{_embedded_state(start)[1].door}/{model}"
    return find_address(_session(url, start).cloudformation, model)


def open_predictor(address: str | None, start: Path, caller: str | None = None) -> Predictor:
    """Where models answer: ``address``, else ``LADLE_URL``, else the doors of the workspace.

    ``caller`` is who the embedded door, which checks no signature, takes us for.
    """
    from ladle.tools.model_http import HttpPredictor, shown_at_the_door

    headers = {} if caller is None else {"ladle-principal": caller}
    headers |= shown_at_the_door(os.environ)
    named = address or os.environ.get("LADLE_URL")
    if named:
        return HttpPredictor(lambda _model, _path: named.rstrip("/"), headers)
    url = workspace_url(start)
    if url == DEFAULT_URL:
        return HttpPredictor(lambda model, _path: door_of(url, start, model), headers)
    from ladle.aws.model_door import ModelDoors
    from ladle.disk.clock import SystemClock

    doors = ModelDoors(_session(url, start), SystemClock())
    return HttpPredictor(doors.address, headers, doors.sign)


def object_fetcher(url: str, start: Path) -> FetchObject:
    """Reads objects of S3 that configs name, with the credentials of the workspace ``url``."""
    from ladle.aws.pinned_objects import fetch_object

    client = _session(url, start).s3
    return lambda bucket, key, to: fetch_object(client, bucket, key, to)


def open_label_file(address: str, start: Path) -> BinaryIO:
    """A path, or an object in a bucket of the workspace's account. Raises NotFound LD616."""
    found = _OBJECT.fullmatch(address)
    if found is None:
        from ladle.tools.label_files import open_file

        return open_file(start / address)
    from ladle.aws.label_objects import open_object

    session = _session(workspace_url(start), start)
    return open_object(session.s3, session.account, found["bucket"], found["key"])


def _session(url: str, start: Path, profile: str | None = None) -> AwsSession:
    from ladle.aws.session import AwsSession

    if url == DEFAULT_URL:
        _, state = _embedded_state(start)
        return AwsSession(state.region, state.endpoint, embedded=True)
    session = _named_session(url, profile)
    named = url.removeprefix("aws://").partition("/")[0]
    if session.account != named:
        raise NeedsCredentials(
            "LD243",
            f"the workspace is account {named}, the credentials are of {session.account}",
            "switch AWS_PROFILE, or correct the account in the workspace URL",
        )
    return session


def _named_session(url: str, profile: str | None = None) -> AwsSession:
    """In the region of ``url``; whose account it is has not been asked."""
    from ladle.aws.session import AwsSession

    found = _AWS.fullmatch(url)
    if found is None:
        raise LadleError(
            "LD242",
            f"{url!r} is no workspace for this: it is none of aws://<account>/<region>, "
            "embedded: and (for experiments only) dir:PATH",
            "set LADLE_WORKSPACE, or workspace under [tool.ladle] in pyproject.toml, to one of them",
        )
    return AwsSession(found["region"], profile=profile)


def _embedded_state(start: Path) -> tuple[Path, EmbeddedState]:
    from ladle.disk.embedded_state import find

    found = find(start.resolve())
    if found is None:
        raise Unavailable(
            "LD708",
            "the embedded AWS is not running here",
            "start it in your repository: ladle embedded up. Or keep experiments in a folder: "
            "LADLE_WORKSPACE=dir:.ladle/store",
        )
    if not _listens(found[1]):
        raise Unavailable(
            "LD708",
            "the embedded AWS that was started in this repository has died, and all in it is gone",
            "start it again: ladle embedded up; then deploy again: ladle deploy",
        )
    return found


def _listens(state: EmbeddedState) -> bool:
    from ladle.tools.processes import port_taken

    return port_taken(int(state.endpoint.rsplit(":", 1)[1]))
