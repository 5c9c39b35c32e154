"""What a person types: one file per command. stdout is the answer, stderr the talk."""
