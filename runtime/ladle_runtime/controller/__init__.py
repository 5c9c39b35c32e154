"""Wakes, re-reads, decides, acts. The only writer of alias weights."""
