"""A workspace URL becomes ports; the only place where adapters are chosen.

``aws://<account>/<region>`` is an AWS account, ``embedded:`` (the default) the AWS that
``ladle embedded up`` started in this repository, ``dir:PATH`` a folder without deployments.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from ladle.errors import LadleError, NeedsCredentials, Unavailable
from ladle.ports import Workspace

DEFAULT_URL = "embedded:"
_AWS = re.compile(r"aws://(?P<account>\d{12})/(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)")


def workspace_url(start: Path) -> str:
    """``LADLE_WORKSPACE``, else ``[tool.ladle] workspace`` of the nearest pyproject.toml that has it."""
    wanted = os.environ.get("LADLE_WORKSPACE")
    if wanted:
        return wanted
    for folder in (start.resolve(), *start.resolve().parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            found = tomllib.loads(path.read_text()).get("tool", {}).get("ladle", {})
            if "workspace" in found:
                return str(found["workspace"])
    return DEFAULT_URL


def open_workspace(url: str | None, start: Path) -> Workspace:
    """The ports of ``url``, or of the workspace that ``start`` belongs to.

    Raises LD242 for a URL of another form, LD708 when the embedded AWS does not run, LD241 and
    LD243 when AWS knows somebody else or nobody.
    """
    wanted = url or workspace_url(start)
    if wanted == DEFAULT_URL:
        return _embedded(start)
    if wanted.startswith("dir:"):
        return _folder(wanted, start)
    if found := _AWS.fullmatch(wanted):
        return _aws(wanted, found["account"], found["region"])
    raise LadleError(
        "LD242",
        f"the workspace is written {wanted!r}, which is none of aws://<account>/<region>, "
        "embedded: and dir:PATH",
        "set LADLE_WORKSPACE, or workspace under [tool.ladle] in pyproject.toml, to one of them",
    )


def _aws(url: str, account: str, region: str) -> Workspace:
    from ladle.aws.session import AwsSession
    from ladle.aws.workspace import aws_workspace

    session = AwsSession(region)
    if session.account != account:
        raise NeedsCredentials(
            "LD243",
            f"the workspace is account {account}, the credentials are of {session.account}",
            "switch AWS_PROFILE, or correct the account in the workspace URL",
        )
    return aws_workspace(session, url)


def _embedded(start: Path) -> Workspace:
    from ladle.aws.session import AwsSession
    from ladle.aws.workspace import aws_workspace
    from ladle.disk.embedded_state import find

    found = find(start.resolve())
    if found is None:
        raise Unavailable(
            "LD708",
            "the embedded AWS is not running in this repository",
            "start it: ladle embedded up. Or keep experiments in a folder: "
            "LADLE_WORKSPACE=dir:.ladle/store",
        )
    _, state = found
    session = AwsSession(state.region, state.endpoint, embedded=True)
    return aws_workspace(session, DEFAULT_URL)


def _folder(url: str, start: Path) -> Workspace:
    from ladle.disk.workspace import disk_workspace

    path = Path(url.removeprefix("dir:")).expanduser()
    return disk_workspace(path if path.is_absolute() else start.resolve() / path, url)
