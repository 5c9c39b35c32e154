"""Evidence from counters: worse, not worse, or inconclusive. It never decides. Pure."""
