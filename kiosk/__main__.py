"""`python -m kiosk`: the same as the `kiosk` command."""

from kiosk.cli.main import main

main()
