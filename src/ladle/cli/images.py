"""Before a deploy: the images that another environment has proven are copied, others built elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ladle import names
from ladle.actions.bring_images import BroughtImage, bring_images
from ladle.actions.bring_release import Origin
from ladle.catalog import Packaging
from ladle.cli.output import say
from ladle.disk.clock import SystemClock
from ladle.planning.plan import Change, DeploymentPlan
from ladle.ports import DeployTool
from ladle.project.settings import builds_elsewhere
from ladle.tools.assembly import images_of
from ladle.wiring import open_image_builder, open_images


@dataclass(frozen=True, slots=True)
class ImageDesk:
    """Where a deploy goes to, with what, and from where images may come."""

    root: Path
    url: str
    tool: DeployTool
    context: Mapping[str, str]
    origin: Origin | None

    def bring(self, plan: DeploymentPlan) -> None:
        """Nothing for models without an image, or where the engine of this machine builds them all."""
        going = [m.wanted for m in plan.models if m.change is not Change.REFUSED]
        stacks = [names.model_stack(s.model) for s in going if s.packaging is Packaging.IMAGE]
        elsewhere = builds_elsewhere(self.root)
        if not stacks or (self.origin is None and not elsewhere):
            return
        wanted = images_of(self.tool.synthesize(self.context), stacks)
        builder = None
        if elsewhere:
            builder = open_image_builder(self.url, self.root, SystemClock(), self._make_project)
        here = open_images(self.url, self.root)
        origin = self.origin.images() if self.origin else None
        for image in bring_images(wanted, here, origin, builder):
            say(f"image {image.tag[:12]}  {_text(image)}")

    def _make_project(self) -> None:
        say(f"{names.PLATFORM_STACK}  is deployed first: it has the project that builds")
        self.tool.deploy([names.PLATFORM_STACK], self.context)


def _text(image: BroughtImage) -> str:
    digest = f" ({image.digest[:19]})" if image.digest else ""
    layers = f", {image.sent} layers sent" if image.sent else ""
    return f"{image.how}{digest}{layers}"
