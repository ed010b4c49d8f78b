"""``python -m scanner_daemon`` is ``scanner-daemon``."""

from scanner_daemon.cli import main

main()
