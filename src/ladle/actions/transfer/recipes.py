"""What large contents are made of, read from the packs that guide to it: two requests, not two a file."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ladle.errors import Corrupt
from ladle.experiments import recipe
from ladle.experiments.pack import ContentKind
from ladle.experiments.recipe import Part

# Contents by digest and about how many bytes each has, as ``Fetcher.fetch`` gives them.
Fetch = Callable[[Mapping[str, int]], Iterator[tuple[str, ContentKind, memoryview]]]


def nodes_of(fetch: Fetch, recipes: Iterable[str]) -> Mapping[str, Sequence[Part]]:
    """The nodes of each recipe, by its digest. Raises NotFound, Corrupt."""
    return _parts(fetch, recipes, ContentKind.RECIPE)


def chunks_of(fetch: Fetch, nodes: Mapping[str, Sequence[Part]]) -> Mapping[str, Sequence[Part]]:
    """The chunks of each content whose nodes are given."""
    wanted = {node.digest for parts in nodes.values() for node in parts}
    chunks = _parts(fetch, wanted, ContentKind.BYTES)
    return {
        name: [chunk for node in parts for chunk in chunks[node.digest]]
        for name, parts in nodes.items()
    }


def _parts(fetch: Fetch, names: Iterable[str], kind: ContentKind) -> Mapping[str, Sequence[Part]]:
    found = {}
    for name, found_kind, body in fetch(dict.fromkeys(names, recipe.ROW_BYTES)):
        try:
            if found_kind is not kind:
                raise struct.error("another kind of content")
            found[name] = recipe.decode(body)
        except struct.error as error:
            raise Corrupt(
                "LD312", f"the recipe of {name[:19]} is altered", "ladle verify --repair"
            ) from error
    return found
