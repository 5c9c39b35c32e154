"""A model file in, a function over arrays out. One file per framework."""
