"""May touch: tmp_path, moto in this process, the embedded AWS on loopback.

One suite per port, run on every adapter; known exceptions of an emulator are listed beside it.
"""
