"""Why it happened: facts in, an explanation out whose every sentence cites a record."""
