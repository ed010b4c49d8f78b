"""scanner-daemon tells a checkout lane who is standing at it.

>>> from scanner_daemon import Lane, load_config
>>> lane = Lane.from_config(load_config("config.toml"))  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner_daemon.app import Lane
    from scanner_daemon.config import load_config

__all__ = ["Lane", "load_config"]


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: a command that needs no lane does not load one (PEP 562)."""
    if name == "Lane":
        from scanner_daemon.app import Lane

        return Lane
    if name == "load_config":
        from scanner_daemon.config import load_config

        return load_config
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
