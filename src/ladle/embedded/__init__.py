"""The embedded AWS that demo and story tests deploy to. It listens on loopback only."""
