"""Where the models of a repository go: the workspace that their environment names, else the repository's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle.config.schema import ModelConfig
from ladle.planning.resolve import Cloud
from ladle.ports import BundleStore, Stacks
from ladle.project.pinned_lock import place_of
from ladle.project.repository import ModelPackage
from ladle.project.services import workspace_of
from ladle.wiring import DEFAULT_URL, open_bundles, open_stacks, workspace_url

Found = Sequence[tuple[ModelPackage, ModelConfig]]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the models of the repository at ``root`` go."""

    root: Path
    url: str
    environment: str | None = None

    @property
    def cloud(self) -> Cloud:
        return cloud_of(self.url)

    @property
    def place(self) -> str:
        return place_of(self.cloud, self.environment)

    @property
    def store(self) -> BundleStore | None:
        """A folder of experiments has nothing deployed."""
        return None if self.url.startswith("dir:") else open_bundles(self.url, self.root)

    @property
    def stacks(self) -> Stacks | None:
        return None if self.url.startswith("dir:") else open_stacks(self.url, self.root)


def cloud_of(url: str) -> Cloud:
    """Which cloud a workspace's deployments go to."""
    return Cloud.EMBEDDED if url == DEFAULT_URL else Cloud.AWS


def deployment_of(root: Path, found: Found, environment: str | None) -> Deployment:
    """Where ``found``, as its configs stand in ``environment``, goes. Raises LD134 for several places."""
    url = workspace_of((config for _, config in found), environment) or workspace_url(root)
    return Deployment(root, url, environment)
