"""What may differ between AWS and the embedded AWS: which Python runs a zip; nobody is billed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aws_cdk as cdk

from ladle.catalog import Arch
from ladle.policy.lock import Lock
from ladle.project.function_code import platform_code
from ladle.project.settings import builds_elsewhere
from ladle.project.staging import StagedZip, stage_zip

EMBEDDED_KEY = "ladle:embedded"
LOCKS_KEY = "ladle:locks"  # what the ledger has locked, as JSON by model: synth asks nobody
ENVIRONMENT_KEY = "ladle:environment"
AWS_PYTHON = "3.13"  # of platform functions; a model names its own


@dataclass(frozen=True, slots=True)
class Host:
    """``repository`` is where staged code goes; it must hold a folder that git ignores, .ladle.
    ``ledger_asked`` is whether whoever runs the CDK has asked what earlier releases keep.
    """

    repository: Path
    embedded: bool
    environment: str | None = None  # of model.yaml
    locks: Mapping[str, Lock] = field(default_factory=dict)
    builds: bool = False  # images, by a project of the platform
    ledger_asked: bool = False

    @classmethod
    def of_app(cls, app: cdk.App, repository: Path) -> Host:
        context = app.node.try_get_context
        embedded = context(EMBEDDED_KEY) in (True, "true")
        told = context(LOCKS_KEY)
        locks = {m: Lock.from_json(lock) for m, lock in json.loads(told or "{}").items()}
        builds = not embedded and builds_elsewhere(repository)
        asked = told is not None
        return cls(repository, embedded, context(ENVIRONMENT_KEY), locks, builds, asked)

    def python(self, wanted: str = AWS_PYTHON) -> str:
        """The embedded AWS starts functions with the Python that it finds."""
        if self.embedded:
            return f"{sys.version_info.major}.{sys.version_info.minor}"
        return wanted

    def stage_platform(self, entries: tuple[str, ...]) -> StagedZip:
        python = self.python()
        return stage_zip(platform_code(entries, AWS_PYTHON), self.repository, python, Arch.X86_64)
