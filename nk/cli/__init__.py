"""The command line: one file a subcommand, which parses, loads the config, calls the pipeline and shows."""
