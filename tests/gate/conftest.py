"""May touch: what the story tests may. Full sizes, run by scripts/gate and never by scripts/test."""
