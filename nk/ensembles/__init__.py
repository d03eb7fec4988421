"""Methods of late fusion, one a file."""
