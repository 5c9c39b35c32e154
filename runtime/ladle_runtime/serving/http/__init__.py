"""HTTP/1 on a port: what is asked all the time is answered here, the rest by FastAPI."""
