"""May touch: tmp_path, loopback, child processes: the real handlers under their real clients."""
