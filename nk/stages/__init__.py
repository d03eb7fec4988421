"""Steps of the pipeline, one verb a file."""
