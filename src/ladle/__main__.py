"""``python -m ladle``: the same as ``ladle``."""

from ladle.cli.main import run

run()
