"""What a synthesized app would build: its images, each with the folder and the tag that the CDK gave them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ladle.ports import ImageSource


def images_of(assembly: Path, stacks: Sequence[str]) -> Sequence[ImageSource]:
    """Of these stacks, each tag once."""
    found: dict[str, ImageSource] = {}
    for stack in stacks:
        file = assembly / f"{stack}.assets.json"
        if not file.is_file():
            continue  # a stack without assets
        for tag, image in json.loads(file.read_text("utf-8"))["dockerImages"].items():
            source = image["source"]
            folder, arguments = assembly / source["directory"], source.get("dockerBuildArgs", {})
            found[tag] = ImageSource(tag, folder, source.get("platform", ""), arguments)
    return tuple(found.values())
