"""The TrafficRouter of each target that can split traffic: one file per target."""
