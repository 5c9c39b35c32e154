"""The life of a release: a state and an event give the next state and its effects."""
