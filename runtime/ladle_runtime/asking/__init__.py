"""Requests that are answered later: taken, passed on, and their answers handed out."""
