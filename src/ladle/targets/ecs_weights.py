"""A listener of ECS has whole weights up to 999. Read by functions, which read no config."""

STEPS = 1000  # shares are told apart by tenths of a percent
