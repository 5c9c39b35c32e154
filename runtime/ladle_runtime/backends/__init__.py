"""One module per model format; ``ladle.catalog.BACKENDS`` names it, ``base`` says what it offers."""

import os

# Since 1.29 onnxruntime tells its maker about the models that it loads: names, hashes, sessions. It
# asks this variable once, when it is imported, and that is after this line.
os.putenv("ORT_DISABLE_TELEMETRY", "1")
