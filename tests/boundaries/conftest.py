"""May touch: the files of this checkout and a fresh Python. What the code must not become."""
