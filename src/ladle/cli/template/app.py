"""What ``cdk`` runs: one stack for the platform, one for each folder of model_packages/."""

from ladle_stacks.build_app import build_app

build_app("model_packages").synth()
