"""`python -m nk` is `nk`."""

from nk.cli.main import main

main()
