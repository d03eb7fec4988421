"""Readers of databases, one a file."""
