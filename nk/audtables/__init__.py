"""Databases in audformat: their header and tables, the values of a name in them, their rows, and their own parts."""
