"""The version stands apart from what functions import, so that raising it changes no release."""

__version__ = "0.1.0"
