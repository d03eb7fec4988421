"""Measures of predictions against the truth, one a file."""
