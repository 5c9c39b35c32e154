"""What planning, quality and releases share: policies, verdicts, states. Values only."""
