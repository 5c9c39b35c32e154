"""A request in, a prediction and one line out. No AWS SDK here."""
