"""A user's repository on disk, read and never interpreted."""
