import pytest
from pydantic import TypeAdapter

from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.sources.device_match import DeviceMatch
from scanner_daemon.sources.keyboard_wedge import KeyboardWedge

MATCH = DeviceMatch(vendor="0c2e", product="0b61")


def test_settings_are_taken_as_the_configuration_writes_them() -> None:
    written = {"name": "counter", "match": {"vendor": "0c2e", "product": "0b61"}, "terminator": "tab"}
    wedge = TypeAdapter(KeyboardWedge).validate_python(written)

    assert wedge.match == MATCH
    assert wedge.terminator.value == "tab"


def test_the_device_is_named_one_way_only() -> None:
    with pytest.raises(ValueError, match="expected either match or path, got neither"):
        KeyboardWedge(name="counter")
    with pytest.raises(ValueError, match="expected either match or path, got both"):
        KeyboardWedge(name="counter", match=MATCH, path="/dev/input/event1")


def test_an_unknown_layout_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"layout: expected one of .*, got 'klingon'") as refused:
        KeyboardWedge(name="counter", match=MATCH, layout="klingon")

    assert all(name in str(refused.value) for name in LAYOUTS)
