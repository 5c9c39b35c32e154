"""The rules of each target: limits, sizing, price, refusals. One file per target. Pure."""
