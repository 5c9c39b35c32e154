"""May touch: everything on this machine: `ladle` as a person types it, on the embedded AWS."""
