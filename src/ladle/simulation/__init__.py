"""The real decision code, driven through scenarios and faults on a simulated clock."""
