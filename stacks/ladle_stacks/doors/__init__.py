"""The front doors: one file per row of ``ladle/config/doors.toml``, and what may stand behind them."""
