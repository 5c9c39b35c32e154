"""Labels in, joined by prediction id, counted at the prediction's minute."""
