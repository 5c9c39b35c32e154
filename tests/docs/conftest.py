"""May touch: docs/, README.md and tmp_path. Every page is true: its examples run."""
