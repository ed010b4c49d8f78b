"""Customer displays as their manuals describe them: bytes in, a screen out, a fault for all that is not in them.

Written from the tables of the manuals (Epson DM-D110; CD5220, P07303; Logic Controls LDX9, PDX3, PD-2609; UTC PD1200;
Wincor Nixdorf BA63, BA66) and as pessimistic as these allow: in the mode after power-on a character in the last place
scrolls, a text mode swallows what is no text, and what no manual names is an ``UnknownCommand``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

COLUMNS: Final = 20


class UnknownCommandError(Exception):
    """Bytes that the display's manual does not have: on a real one anything may happen."""


@dataclass(slots=True)
class Display:
    """A display that understands ``commands``: how each begins, how many bytes follow, and what it does with them."""

    rows: int = 2
    commands: "Commands" = field(default_factory=dict)
    lines: "Mapping[bytes, Command]" = field(default_factory=dict)
    code_page: str = "cp437"
    cells: bytearray = field(init=False)
    at: int = field(init=False, default=0)
    overwrites: bool = field(init=False, default=False)
    cursor: bool = field(init=False, default=True)
    brightness: int | None = field(init=False, default=None)
    scrolled: int = field(init=False, default=0)
    _pending: bytes = field(init=False, default=b"")

    def __post_init__(self) -> None:
        self.switch_on()

    def switch_on(self) -> None:
        """As after a loss of power: nothing is left of any setting."""
        self.cells = bytearray(b" " * (COLUMNS * self.rows))
        self.at, self.overwrites, self.cursor, self.brightness, self._pending = 0, False, True, None, b""

    @property
    def screen(self) -> list[str]:
        text = self.cells.decode(self.code_page)
        return [text[start : start + COLUMNS] for start in range(0, len(text), COLUMNS)]

    def feed(self, data: bytes) -> None:
        for byte in data:
            self._byte(bytes((byte,)))

    def _byte(self, byte: bytes) -> None:
        self._pending += byte
        begun = [start for start in (*self.commands, *self.lines) if start.startswith(self._pending[: len(start)])]
        for start in begun:
            if self._pending.startswith(start) and self._done(start):
                self._pending = b""
                return
        if begun:
            return
        if len(self._pending) > 1 or byte < b" " or byte == b"\x7f":
            raise UnknownCommandError(self._pending)
        self._pending = b""
        self._put(byte)

    def _done(self, start: bytes) -> bool:
        parameters = self._pending[len(start) :]
        if start in self.lines:
            if not parameters.endswith(b"\r"):
                return False
            self.lines[start](self, parameters[:-1])
            return True
        length, command = self.commands[start]
        done = parameters.endswith(b"H") if length < 0 else len(parameters) == length
        if done:
            command(self, parameters)
        return done

    def _put(self, character: bytes) -> None:
        if self.at == len(self.cells):  # behind the last place, which only a mode without overwriting allows
            self.at = 0
        self.cells[self.at : self.at + 1] = character
        self.at += 1
        if self.at == len(self.cells) and not self.overwrites:
            self.scrolled += 1
            self.cells = self.cells[COLUMNS:] + bytearray(b" " * COLUMNS)
            self.at -= COLUMNS

    def clear(self, _: bytes = b"") -> None:
        self.cells = bytearray(b" " * len(self.cells))
        self.at = 0

    def row(self, number: int, text: bytes) -> None:
        """Replace a row, as those sets do that write a row with one command: longer ones run on into the next."""
        if len(text) != COLUMNS or min(text) < 0x20:
            raise UnknownCommandError(text)
        self.cells[number * COLUMNS : (number + 1) * COLUMNS] = text


Command: TypeAlias = Callable[[Display, bytes], None]
Commands: TypeAlias = Mapping[bytes, tuple[int, Command]]


def _goto(display: Display, parameters: bytes) -> None:
    column, row = parameters
    if not (1 <= column <= COLUMNS and 1 <= row <= display.rows):
        raise UnknownCommandError(parameters)
    display.at = (row - 1) * COLUMNS + column - 1


def _goto_place(display: Display, parameters: bytes) -> None:
    if parameters[0] >= 2 * COLUMNS:
        raise UnknownCommandError(parameters)
    display.at = parameters[0]


def _goto_ansi(display: Display, parameters: bytes) -> None:
    row, column = (int(number) for number in parameters[:-1].split(b";"))
    _goto(display, bytes((column, row)))


def _reset(display: Display, _: bytes) -> None:
    display.switch_on()


def _overwrite(display: Display, _: bytes) -> None:
    display.overwrites = True


def _cursor_off(display: Display, _: bytes) -> None:
    display.cursor = False


def _select(_: Display, parameters: bytes) -> None:
    if parameters != b"\x02":
        raise UnknownCommandError(parameters)  # would talk to the printer behind it


def _dim(levels: bytes) -> Callable[[Display, bytes], None]:
    def command(display: Display, parameters: bytes) -> None:
        display.brightness = levels.index(parameters) + 1

    return command


def _epson_page(display: Display, parameters: bytes) -> None:
    pages = {0: "cp437", 2: "cp850", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858"}
    display.code_page = pages[parameters[0]]


def _ba6x_page(display: Display, parameters: bytes) -> None:
    display.code_page = {b"\x34": "cp858"}[parameters]


def _row(number: int) -> Callable[[Display, bytes], None]:
    return lambda display, text: display.row(number, text)


def epson(rows: int = 2) -> Display:
    commands: Commands = {
        b"\x0c": (0, Display.clear),
        b"\x1b@": (0, _reset),
        b"\x1b=": (1, _select),
        b"\x1bt": (1, _epson_page),
        b"\x1f$": (2, _goto),
        b"\x1f\x01": (0, _overwrite),
        b"\x1fC\x00": (0, _cursor_off),
        b"\x1fX": (1, _dim(b"\x01\x02\x03\x04")),
    }
    return Display(rows, commands)


def cd5220(rows: int = 2) -> Display:
    commands: Commands = {
        b"\x0c": (0, Display.clear),
        b"\x1b@": (0, _reset),
        b"\x1bl": (2, _goto),
        b"\x1b\x11": (0, _overwrite),
        b"\x1b_\x00": (0, _cursor_off),
        b"\x1b*": (1, _dim(b"\x01\x02\x03\x04")),
    }
    return Display(rows, commands)


def logic_controls(rows: int = 2) -> Display:
    commands: Commands = {
        b"\x1f": (0, _reset),
        b"\x1e": (0, Display.clear),
        b"\x10": (1, _goto_place),
        b"\x11": (0, _overwrite),
        b"\x14": (0, _cursor_off),
        b"\x04": (1, _dim(b"\x20\x40\x60\xff")),
    }
    return Display(rows, commands)


def _aedex_row(number: int) -> Callable[[Display, bytes], None]:
    def command(display: Display, text: bytes) -> None:
        if b"!#" in text:  # begins a command, wherever it stands
            raise UnknownCommandError(text)
        display.row(number, text)

    return command


def aedex(rows: int = 2) -> Display:
    return Display(rows, lines={b"!#A": _reset, b"!#1": _aedex_row(0), b"!#2": _aedex_row(1)})


def utc(rows: int = 2) -> Display:
    return Display(rows, lines={b"\x1buA": _row(0), b"\x1buB": _row(1)})


def ba6x(rows: int = 2) -> Display:
    display = Display(rows, {b"\x1b[2J": (0, Display.clear), b"\x1b[": (-1, _goto_ansi), b"\x1bR": (1, _ba6x_page)})
    display.overwrites = True  # it has no mode: the last place is written and the next character waits
    return display


DISPLAYS: Final = {
    "epson": epson,
    "cd5220": cd5220,
    "logic-controls": logic_controls,
    "aedex": aedex,
    "utc": utc,
    "ba6x": ba6x,
}
