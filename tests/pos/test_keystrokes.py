"""Text into keys: nothing else than characters can be asked for."""

import string

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.layouts import LAYOUTS, Layout
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.model import KeyStroke, Scan
from scanner_daemon.pos.keystrokes import Chord, Keystrokes

PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " "
US = Keystrokes(LAYOUTS["us"])


def keys(*names: str) -> Chord:
    return tuple(int(ecodes.ecodes[f"KEY_{name}"]) for name in names)


def decoded(layout: Layout, chords: tuple[Chord, ...]) -> list[str]:
    """What a decoder for that layout makes of the keys."""
    decoder = WedgeDecoder(scanner="till", layout=layout, max_length=10_000)
    reports = [
        report
        for chord in chords
        for pressed in (True, False)
        for report in decoder.feed(tuple(KeyStroke(code=code, pressed=pressed, at=0.0) for code in chord))
    ]
    return [report.scan_data.decode() if isinstance(report, Scan) else report.reason.value for report in reports]


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_typed_reads_back_as_it_was(name: str) -> None:
    layout = LAYOUTS[name]

    @given(st.text(max_size=60), st.booleans())
    def check(text: str, alt_gr: bool) -> None:  # noqa: FBT001  hypothesis fills it in
        keystrokes = Keystrokes(layout, alt_gr=alt_gr)
        for character in keystrokes.untypable(text):
            text = text.replace(character, "")
        assert decoded(layout, keystrokes.chords(text)) == ([text] if text else [])

    check()


def test_a_us_till_can_be_typed_all_of_ascii_and_nothing_else() -> None:
    assert US.untypable(PRINTABLE) == ""
    assert decoded(LAYOUTS["us"], US.chords(PRINTABLE)) == [PRINTABLE]
    for character in map(chr, (*range(0x20), 0x7F, 0x9B, 0xE9, 0x1F600)):
        assert US.untypable(f"1{character}1{character}") == character


@pytest.mark.parametrize(
    ("terminator", "last"),
    [
        (WedgeTerminator.ENTER, [keys("1"), keys("ENTER")]),
        (WedgeTerminator.TAB, [keys("1"), keys("TAB")]),
        (WedgeTerminator.NONE, [keys("1")]),
    ],
)
def test_each_terminator(terminator: WedgeTerminator, last: list[Chord]) -> None:
    assert list(Keystrokes(LAYOUTS["us"], terminator=terminator).chords("1")) == last


@pytest.mark.parametrize(
    ("text", "chord"),
    [
        ("7", keys("7")),  # not on the keypad, which follows NumLock
        ("/", keys("SLASH")),
        ("*", keys("LEFTSHIFT", "8")),
        ("<", keys("LEFTSHIFT", "COMMA")),  # not on the ISO key, which hosts read differently
        ("Z", keys("LEFTSHIFT", "Z")),
        (" ", keys("SPACE")),
    ],
)
def test_the_key_that_every_keyboard_has_is_taken(text: str, chord: Chord) -> None:
    assert US.chords(text) == (chord, keys("ENTER"))


@pytest.mark.parametrize("alt_gr", [False, True])
@pytest.mark.parametrize("name", LAYOUTS)
def test_no_layout_has_a_key_that_commands(name: str, alt_gr: bool) -> None:  # noqa: FBT001  two cases
    allowed = [
        *("LEFTSHIFT", "SPACE", "ENTER", "102ND", "RO", "YEN"),
        *("GRAVE", "MINUS", "EQUAL", "LEFTBRACE", "RIGHTBRACE", "BACKSLASH"),
        *("SEMICOLON", "APOSTROPHE", "COMMA", "DOT", "SLASH"),
        *string.digits,
        *string.ascii_uppercase,
        *(["RIGHTALT"] if alt_gr else []),
    ]
    assert Keystrokes(LAYOUTS[name], alt_gr=alt_gr).codes <= set(keys(*allowed))
