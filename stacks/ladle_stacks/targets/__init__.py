"""The constructs of each deployment target: one file per target."""
