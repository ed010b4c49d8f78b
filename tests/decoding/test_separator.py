"""GS, the separator of GS1 element strings, survives in whichever way a scanner of any layout types it."""

import pytest

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS, Layout, Level
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.model import KeyStroke, Scan

GS = "\x1d"
Changes = list[tuple[int, bool]]


def tap(*keys: int) -> Changes:
    return [(key, pressed) for key in keys for pressed in (True, False)]


def holding(held: tuple[int, ...], *keys: int) -> Changes:
    return [*((key, True) for key in held), *tap(*keys), *((key, False) for key in reversed(held))]


def typed(layout: Layout, text: str) -> Changes:
    """Characters that every layout has on a key of its own, with Shift where it is needed."""
    changes: Changes = []
    for character in text:
        plain, shift = (
            [code for code, typed in layout.levels[level].items() if typed == character and code < KeyCode.KEY_KP7]
            for level in (Level.PLAIN, Level.SHIFT)
        )
        changes += tap(plain[0]) if plain else holding((KeyCode.KEY_LEFTSHIFT,), shift[0])
    return changes


def alt_code(digits: str) -> Changes:
    return holding((KeyCode.KEY_LEFTALT,), *(KeyCode[f"KEY_KP{digit}"] for digit in digits))


def unicode_entry(layout: Layout) -> Changes:
    begin = holding((KeyCode.KEY_LEFTCTRL, KeyCode.KEY_LEFTSHIFT), KeyCode.KEY_U)
    return [*begin, *typed(layout, "1d"), *tap(KeyCode.KEY_SPACE)]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize(
    "route", ["ctrl", "right ctrl", "shift", "alt", "alt, 4 digits", "num lock", "function", "unicode"]
)
def test_gs_survives(name: str, route: str) -> None:
    layout = LAYOUTS[name]
    lock, bracket = tap(KeyCode.KEY_NUMLOCK), KeyCode.KEY_RIGHTBRACE
    changes = {
        "ctrl": holding((KeyCode.KEY_LEFTCTRL,), bracket),
        "right ctrl": holding((KeyCode.KEY_RIGHTCTRL,), bracket),
        "shift": holding((KeyCode.KEY_LEFTCTRL, KeyCode.KEY_LEFTSHIFT), bracket),
        "alt": alt_code("029"),
        "alt, 4 digits": alt_code("0029"),
        "num lock": [*lock, *alt_code("029"), *lock],
        "function": tap(KeyCode.KEY_DOWN),
        "unicode": unicode_entry(layout),
    }[route]
    maps = {"function": ControlMap.FUNCTION_KEYS, "unicode": ControlMap.UNICODE}
    decoder = WedgeDecoder(scanner="a", layout=layout, control_map=maps.get(route, ControlMap.CTRL))
    strokes = [*typed(layout, "8018x"), *changes, *typed(layout, "21y"), *tap(KeyCode.KEY_ENTER)]
    (scan,) = [report for code, down in strokes for report in decoder.feed((KeyStroke(code, down, 0.0),))]
    assert isinstance(scan, Scan)
    assert scan.scan_data_label == f"8018x{GS}21y"
