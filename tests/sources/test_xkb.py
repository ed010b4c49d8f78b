import subprocess
import sys
from collections.abc import Callable

import pytest

from scanner_daemon.decoding.layouts import CHARACTER_KEYS, LAYOUTS, Layout, Level
from scanner_daemon.decoding.layouts.tables import VERSION
from scanner_daemon.sources.xkb import find_layout, xkb_layout
from tests.decoding.libxkbcommon import LEFT_SHIFT, RIGHT_ALT, Keyboard, xkeyboard_config_version

CURE = "apt-get install gcc libxkbcommon-dev pkg-config xkb-data, then pip install 'scanner-daemon[xkb]'"
CODES = [code for row in CHARACTER_KEYS for code in row]
LEVELS = {
    Level.PLAIN: (),
    Level.SHIFT: (LEFT_SHIFT,),
    Level.ALT_GR: (RIGHT_ALT,),
    Level.ALT_GR | Level.SHIFT: (RIGHT_ALT, LEFT_SHIFT),
}


@pytest.fixture
def compiled() -> Callable[[str], Layout]:
    pytest.importorskip("xkbcommon", reason=f"the package xkbcommon is not installed: {CURE}")
    return xkb_layout


@pytest.mark.parametrize(
    ("name", "layout", "variant"),
    [
        ("xkb:de(nodeadkeys)", "de", "nodeadkeys"),
        ("xkb:us(dvorak)", "us", "dvorak"),
        ("xkb:gr", "gr", ""),
        ("xkb:ru", "ru", ""),
        ("xkb:ch(fr)", "ch", "fr"),
    ],
)
def test_each_key_types_what_libxkbcommon_says(
    compiled: Callable[[str], Layout], name: str, layout: str, variant: str
) -> None:
    ours, judge = compiled(name), Keyboard(layout, variant)
    for level, held in LEVELS.items():
        typed = {code: judge.key(code, held=held).character for code in CODES}
        expected = {code: text for code, text in typed.items() if len(text) == 1 and text >= " " and text != "\x7f"}
        if level & Level.ALT_GR and not judge.has_alt_gr:
            expected = {}
        assert {code: ours.character(code, level) for code in CODES if ours.character(code, level)} == expected


def test_what_the_session_calls_a_variant_without_dead_keys_has_none(compiled: Callable[[str], Layout]) -> None:
    assert any(LAYOUTS["de"].dead_keys)
    assert not any(compiled("xkb:de(nodeadkeys)").dead_keys)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_tables_are_what_is_compiled(compiled: Callable[[str], Layout], name: str) -> None:
    if xkeyboard_config_version() != VERSION:
        pytest.skip(f"the tables are from xkeyboard-config {VERSION}, as in Debian 12")
    fresh, table = compiled({"us-intl": "xkb:us(intl)"}.get(name, f"xkb:{name}")), LAYOUTS[name]
    assert (fresh.levels, fresh.dead_keys) == (table.levels, table.dead_keys)


def test_a_built_in_layout_needs_no_package() -> None:
    assert find_layout("fr").name == "fr"


@pytest.mark.parametrize("name", ["", "xx", "DE", "de(nodeadkeys)"])
def test_a_name_without_prefix_is_built_in_or_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"layout: expected one of be br .*, or xkb:LAYOUT\(VARIANT\), got '"):
        find_layout(name)


@pytest.mark.parametrize("name", ["xkb:", "xkb:de(", "xkb:../../etc", "xkb:de(a)(b)", "xkb:de,us", "xkb:de\n"])
def test_a_name_that_is_no_layouts_never_reaches_the_library(name: str) -> None:
    with pytest.raises(ValueError, match=r"layout: expected xkb:LAYOUT or xkb:LAYOUT\(VARIANT\), got '"):
        find_layout(name)


@pytest.mark.parametrize("name", ["xkb:nowhere", "xkb:de(nosuchvariant)"])
def test_a_layout_nobody_has_is_refused_in_one_sentence(
    compiled: Callable[[str], Layout], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        ValueError, match=r"layout: expected a layout and variant listed in xkeyboard-config's .*base.lst"
    ):
        compiled(name)
    assert capfd.readouterr() == ("", "")


def test_without_the_package_its_cure_is_told() -> None:
    """In a process where it cannot be imported."""
    program = """if True:
        import sys
        sys.modules["xkbcommon"] = None
        from scanner_daemon.sources.xkb import find_layout
        find_layout("xkb:gr")
    """
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr
    assert "layout: expected the Python package xkbcommon for a layout that begins with xkb:" in told
    assert "install scanner-daemon[xkb]" in told
