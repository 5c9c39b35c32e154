"""The imperative shell: one verb per file, in three breaths: load, decide, store."""
