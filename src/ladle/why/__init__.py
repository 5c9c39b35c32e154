"""Facts in, an explanation out: every sentence cites the records that show it. Pure."""
