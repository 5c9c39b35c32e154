"""The story that ``scripts/demo`` plays: public commands on real parts, nothing a user could not do."""
