"""Speech experiments from a config file, with results that hold."""

__version__ = "0.1.0"
