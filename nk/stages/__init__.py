"""What is done to the tables, one verb a file."""
