"""Facts become marks on a page: markup, scales, panels. No clock, no file, no script."""
