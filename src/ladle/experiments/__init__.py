"""What an experiment is: manifest, comparison, lineage, chunks. Identity is content."""
