"""One module per model format; ``ladle.catalog.BACKENDS`` names it, ``base`` says what it offers."""
