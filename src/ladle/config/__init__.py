"""The config that people commit: YAML in, a ModelConfig or every mistake at its line out."""
