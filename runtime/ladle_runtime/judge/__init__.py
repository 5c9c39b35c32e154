"""Counters in, one metric of evidence per release out. Never touches traffic."""
