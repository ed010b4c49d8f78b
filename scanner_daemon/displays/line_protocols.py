"""The commands of customer displays on serial lines, as data. Pure.

Each set writes whole rows at a stated place, of exactly as many characters as the row has. None is left in a mode in
which a character in the last place scrolls: a display that was switched off and on again knows nothing of a mode set
before, so :attr:`CommandSet.settings` go ahead of each whole page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from scanner_daemon.displays.code_pages import CodePage

Protocol: TypeAlias = Literal["epson", "cd5220", "logic-controls", "aedex", "utc", "ba6x"]

COLUMNS: Final = 20

Brightness: TypeAlias = Literal[1, 2, 3, 4]
"""From the darkest to the brightest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSet:
    """What a display understands.

    ``reset`` is sent once it is opened, ``settings`` ahead of each page. ``row`` takes a row's number from 0 and its
    bytes. A set without a command for something leaves it out: the display is then as its switches say.
    """

    reset: bytes = b""
    settings: bytes = b""
    row: Callable[[int, bytes], bytes]
    brightness: Mapping[int, bytes] = field(default_factory=dict)
    code_pages: Mapping[str, bytes] = field(default_factory=dict)
    most_rows: int = 4
    parity: Literal["none", "odd"] = "none"

    def page(self, rows: list[bytes], *, code_page: CodePage, brightness: Brightness) -> bytes:
        """Return the bytes that show ``rows``, whatever was shown before and in whatever state the display is."""
        settings = self.settings + self.code_pages.get(code_page, b"") + self.brightness.get(brightness, b"")
        return settings + b"".join(self.row(number, row) for number, row in enumerate(rows))


def _epson_row(number: int, row: bytes) -> bytes:
    return bytes((0x1F, 0x24, 1, number + 1)) + row  # US $ column row, from 1


def _cd5220_row(number: int, row: bytes) -> bytes:
    return bytes((0x1B, 0x6C, 1, number + 1)) + row  # ESC l column row, from 1


def _logic_controls_row(number: int, row: bytes) -> bytes:
    return bytes((0x10, number * COLUMNS)) + row  # DLE position, from 0


def _aedex_row(number: int, row: bytes) -> bytes:
    """``!#`` begins a command wherever it stands: text must not have it."""
    return b"!#%d" % (number + 1) + row.replace(b"!#", b"! ") + b"\r"


def _utc_row(number: int, row: bytes) -> bytes:
    return b"\x1bu" + b"AB"[number : number + 1] + row + b"\r"


def _ba6x_row(number: int, row: bytes) -> bytes:
    return b"\x1b[%d;1H" % (number + 1) + row


COMMAND_SETS: Final[Mapping[Protocol, CommandSet]] = {
    # Epson DM-D110 manual; code pages: Bixolon BCD profile of WebSerialCustomerDisplay. Of a chain, the display is
    # selected (ESC =), then initialised (ESC @). Settings: select, overwrite mode (US SOH), cursor off (US C 0).
    "epson": CommandSet(
        reset=b"\x1b=\x02\x1b@\x0c",
        settings=b"\x1b=\x02\x1f\x01\x1fC\x00",
        row=_epson_row,
        brightness={level: bytes((0x1F, 0x58, level)) for level in range(1, 5)},  # US X n
        code_pages={
            page: bytes((0x1B, 0x74, number))  # ESC t n
            for page, number in {"cp437": 0, "cp850": 2, "cp1252": 16, "cp866": 17, "cp852": 18, "cp858": 19}.items()
        },
    ),
    # CD5220 and P07303 manuals. Only CLR ends the string mode that another program may have left behind, so it goes
    # ahead of ESC @. Settings: overwrite mode (ESC DC1), cursor off (ESC _ 0).
    "cd5220": CommandSet(
        reset=b"\x0c\x1b@",
        settings=b"\x1b\x11\x1b_\x00",
        row=_cd5220_row,
        brightness={level: bytes((0x1B, 0x2A, level)) for level in range(1, 5)},  # ESC * n
    ),
    # Logic Controls LDX9 / PDX3 and UTC PD1200 manuals. Settings: overwrite mode (DC1), cursor off (DC4).
    "logic-controls": CommandSet(
        reset=b"\x1f",
        settings=b"\x11\x14",
        row=_logic_controls_row,
        brightness={level: bytes((0x04, n)) for level, n in enumerate((0x20, 0x40, 0x60, 0xFF), 1)},  # EOT n
        most_rows=2,
    ),
    # Logic Controls PD-2609 manual, AEDEX mode: each command is a line of its own.
    "aedex": CommandSet(reset=b"!#A\r", row=_aedex_row, most_rows=2),
    # UTC enhanced mode, same manuals.
    "utc": CommandSet(row=_utc_row, most_rows=2),
    # Wincor Nixdorf BA63 and BA66 as lcd4linux and ba63usb drive them, but for the column, which is decimal. CP858 is
    # the one character set whose number (34h) is known. The line has odd parity.
    "ba6x": CommandSet(
        reset=b"\x1b[2J",
        row=_ba6x_row,
        code_pages={"cp858": b"\x1bR\x34"},
        parity="odd",
    ),
}
