"""Answers requests: one model, one release, one process. Reaches no AWS SDK."""
