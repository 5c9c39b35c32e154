"""The ports on a folder, for laptops and tests: the same contract suite as AWS."""
