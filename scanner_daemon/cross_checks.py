"""What no adapter can see of itself: mistakes between the tables of a configuration, and notes on them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from scanner_daemon.drivers import Place
from scanner_daemon.errors import Mistake

Tables: TypeAlias = Sequence[tuple[Mapping[str, Any], Place]]
"""Tables of one kind, each with where it stands."""


def kiosk_mistakes(displays: Tables, *, has_server: bool) -> Iterator[Mistake]:
    """Yield what is wrong with the kiosks: more than one, or nobody to serve it."""
    kiosks = [place for table, place in displays if table.get("driver") == "kiosk"]
    for place in kiosks[1:]:
        yield place.mistake("driver", expected="one kiosk a lane, for any number of screens", got="two")
    for place in [] if has_server else kiosks[:1]:
        yield place.mistake("driver", expected="a table [server] to serve its page", got="none")


def card_mistakes(displays: Tables, cards: Mapping[str, Any] | None, place: Place) -> Iterator[Mistake]:
    """Yield who makes cards of numbers that nobody issues, or prints them without a printer."""
    counter = cards.get("counter") if cards else None
    if cards and isinstance(counter, Mapping) and counter.get("print") and "printer" not in cards:
        yield place.mistake("counter.print", expected="a table [cards.printer] to print on", got="none")
    for table, kiosk in displays:
        if table.get("show_qr") is True and cards is None:
            yield kiosk.mistake("show_qr", expected="a table [cards] that issues numbers", got="none")


def port_mistakes(tables: Tables) -> Iterator[Mistake]:
    """Yield the serial ports that two would use: each would have half of what is said."""
    used: dict[Path, str] = {}
    for table, place in tables:
        port = table.get("port")
        if isinstance(port, str) and port:
            owner = used.setdefault(Path(port).resolve(), place.key)
            if owner != place.key:
                yield place.mistake("port", expected="a port of its own", got=f"that of {owner}")


def untyped_notes(scanners: Iterable[str]) -> Iterator[str]:
    """Yield what becomes of the products of ``scanners``, which typed into the till by themselves."""
    for name in scanners:
        yield (
            f"scanner[{name}]: products of this scanner reach only the event stream, no longer the till; add a table "
            "[till], or set pass_through = false for a scanner that is there for cards only"
        )


def exposed_notes(addresses: Iterable[str]) -> Iterator[str]:
    """Yield what others can read of a local server at ``addresses``, which are not this machine's alone."""
    for listen in addresses:
        yield (
            f"server: without TLS, the lane's token, names and balances cross the network to {listen} for anybody to "
            "read; add certificate_file and key_file, or listen on 127.0.0.1"
        )
