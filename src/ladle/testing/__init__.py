"""Doubles that are products: what Ladle's own tests run against, for the tests of its users too."""
