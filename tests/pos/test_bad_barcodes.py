"""The attacks of "BadBarcode" (PacSec 2015), through all that stands between a scanner and the till.

A scanner that types turns control characters into Ctrl and a letter, or into function keys; scanners on serial lines
send them as they are. Whatever comes in, out comes a product's characters or nothing.
"""

from collections.abc import Iterable, Sequence

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.framer import Framer
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.model import Discarded, KeyStroke, PassedThrough, RejectReason, Scan
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.pos.firewall import Firewall
from scanner_daemon.pos.keystrokes import Keystrokes

KEYSTROKES = Keystrokes(LAYOUTS["us"], alt_gr=True)
HARMLESS = frozenset(range(ecodes.KEY_1, ecodes.KEY_EQUAL + 1)) | frozenset(
    [
        *range(ecodes.KEY_Q, ecodes.KEY_ENTER + 1),
        *range(ecodes.KEY_A, ecodes.KEY_GRAVE + 1),
        *range(ecodes.KEY_LEFTSHIFT, ecodes.KEY_SLASH + 1),
        ecodes.KEY_SPACE,
    ]
)
COMMANDS = [
    *(f"LEFTCTRL+{key}" for key in "OSPNRWT"),
    *("LEFTCTRL+ESC", "RIGHTCTRL+O", "LEFTCTRL+LEFTSHIFT+ESC", "LEFTCTRL+LEFTALT+DELETE"),
    *("LEFTALT+F4", "LEFTALT+TAB", "LEFTALT+SPACE", "LEFTALT+SYSRQ+B", "LEFTALT+PRINT"),
    *("LEFTMETA", "LEFTMETA+R", "RIGHTMETA+L", "COMPOSE", "MENU"),
    *(f"F{number}" for number in range(1, 25)),
    *(f"LEFTCTRL+LEFTALT+F{number}" for number in range(1, 13)),
    *("SYSRQ", "POWER", "SLEEP", "WAKEUP", "MUTE", "VOLUMEUP", "CALC", "MAIL", "WWW", "HOMEPAGE", "PLAYPAUSE"),
    *("ESC", "DELETE", "BACKSPACE", "HOME", "END", "PAGEUP", "PAGEDOWN", "UP", "DOWN", "LEFT", "RIGHT", "INSERT"),
]


class Lane:
    """Pipeline, firewall and keyboard, as a lane has them; ``pressed`` is every key that reached the till."""

    def __init__(self) -> None:
        self.pressed: list[int] = []
        self._pipeline = Pipeline(cards=[], duplicates=DuplicateFilter(2.0))
        self._firewall = Firewall({}, to_till=self._type)

    def take(self, reports: Iterable[Scan | Discarded]) -> None:
        for report in reports:
            if isinstance(report, Scan) and isinstance(self._pipeline.process(report), PassedThrough):
                self._firewall.pass_on(report)

    def _type(self, text: str) -> RejectReason | None:
        if KEYSTROKES.untypable(text):
            return RejectReason.NOT_TYPABLE
        self.pressed += [code for chord in KEYSTROKES.chords(text) for code in chord]
        return None


def keys(*strokes: Sequence[int]) -> list[tuple[KeyStroke, ...]]:
    """Frames of key combinations pressed one after the other, then Enter."""
    return [
        (KeyStroke(code=code, pressed=pressed, at=0.0),)
        for stroke in (*strokes, (ecodes.KEY_ENTER,))
        for pressed, order in ((True, stroke), (False, stroke[::-1]))
        for code in order
    ]


def typed_by_scanner(frames: Iterable[tuple[KeyStroke, ...]]) -> list[int]:
    lane, decoder = Lane(), WedgeDecoder(scanner="counter", layout=LAYOUTS["us"])
    for frame in frames:
        lane.take(decoder.feed(frame))
    return lane.pressed


def sent_by_scanner(data: bytes) -> list[int]:
    lane, framer = Lane(), Framer(scanner="counter")
    lane.take(framer.feed(data, 0.0))
    return lane.pressed


def test_a_product_gets_through() -> None:
    assert typed_by_scanner(keys([ecodes.KEY_4], [ecodes.KEY_2])) == [ecodes.KEY_4, ecodes.KEY_2, ecodes.KEY_ENTER]
    assert sent_by_scanner(b"42\r") == [ecodes.KEY_4, ecodes.KEY_2, ecodes.KEY_ENTER]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_that_commands_takes_its_whole_scan_with_it(command: str) -> None:
    stroke = [int(ecodes.ecodes[f"KEY_{key}"]) for key in command.split("+")]
    pressed = typed_by_scanner(keys([ecodes.KEY_4], stroke, [ecodes.KEY_2]))
    assert pressed == [] or (command == "LEFTMETA" and set(pressed) <= HARMLESS)


@pytest.mark.parametrize("control", [*range(0x20), 0x7F, *range(0x80, 0xA0)])
def test_a_control_character_on_a_serial_line_is_never_typed(control: int) -> None:
    pressed = sent_by_scanner(b"cmd" + bytes([control]) + b"calc\r")
    assert set(pressed) <= HARMLESS
    if control not in b"\r\n\t\x02\x03":  # these end or frame a scan
        assert pressed == []


@pytest.mark.parametrize("sequence", [b"\x1b[2J", b"\x1b]0;pwned\x07", b"\x1bOP", b"\x9b31m", b"\x1b[200~ls\x1b[201~"])
def test_escape_sequences_are_never_typed(sequence: bytes) -> None:
    assert sent_by_scanner(b"1" + sequence + b"1\r") == []


@given(st.binary(max_size=200))
def test_whatever_a_serial_scanner_sends(data: bytes) -> None:
    assert set(sent_by_scanner(data + b"\r")) <= HARMLESS


_FRAMES = st.lists(
    st.lists(
        st.builds(KeyStroke, code=st.integers(1, 255), pressed=st.booleans(), at=st.just(0.0)), min_size=1, max_size=3
    ).map(tuple),
    max_size=80,
)


@given(_FRAMES)
def test_whatever_a_scanner_that_types_presses(frames: list[tuple[KeyStroke, ...]]) -> None:
    assert set(typed_by_scanner(frames)) <= HARMLESS
