"""What is done with the tables, one verb a file."""
