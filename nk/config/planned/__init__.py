"""Plug-ins that nk knows by name but has not built: their options are checked, using one is `NotBuilt`."""
