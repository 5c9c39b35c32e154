"""The stages between a file and the packs of a store, in both directions."""
