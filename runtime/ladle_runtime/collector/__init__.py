"""Log lines in, counters out. A batch delivered twice counts once."""
