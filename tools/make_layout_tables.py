"""Write ``scanner_daemon/decoding/layouts/tables.py`` from the xkeyboard-config of this machine.

Run from the repository's root, with the package ``xkbcommon`` installed (``pip install 'scanner-daemon[xkb]'``)::

    python tools/make_layout_tables.py && ruff format scanner_daemon/decoding/layouts/tables.py
"""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import CHARACTER_KEYS, Layout, Level
from scanner_daemon.sources.xkb import xkb_layout

TABLES = Path(__file__).parents[1] / "scanner_daemon" / "decoding" / "layouts" / "tables.py"
NAMES = (
    "us",
    "gb",
    "de",
    "ch",
    "fr",
    "be",
    "it",
    "es",
    "pt",
    "se",
    "fi",
    "dk",
    "no",
    "pl",
    "cz",
    "tr",
    "jp",
    "ca",
    "br",
)
LAYOUTS = {name: f"xkb:{name}" for name in NAMES} | {"us-intl": "xkb:us(intl)"}
LEVELS = ("plain", "shift", "altgr", "altgr+shift")
NONE = "\N{REPLACEMENT CHARACTER}"

HEAD = '''"""What the keys of ``CHARACTER_KEYS`` type in each layout, row by row.

Made by ``tools/make_layout_tables.py`` from xkeyboard-config {version}; do not edit. ``dead`` lists the keys that are
an accent, with the character they type when Space follows.
"""

from collections.abc import Mapping
from typing import Final

NONE: Final = "\\N{{REPLACEMENT CHARACTER}}"
"""Stands for a key without a character."""

VERSION: Final = "{version}"
"""The xkeyboard-config these tables are from."""

WITHOUT_CAPS_LOCK: Final = frozenset({{{without_caps_lock}}})
"""The layouts in which the key of that name does something else."""

TABLES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {{
'''


def main() -> None:
    """Write the tables."""
    question = ("pkg-config", "--modversion", "xkeyboard-config")
    version = subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  constant
    layouts = {name: xkb_layout(source) for name, source in LAYOUTS.items()}
    without_caps_lock = ", ".join(repr(name) for name, layout in layouts.items() if not layout.levels[Level.CAPS_LOCK])
    lines = [HEAD.format(version=version, without_caps_lock=without_caps_lock)]
    for name, layout in layouts.items():
        lines.append(f"    {name!r}: {{\n")
        lines += [f"        {key!r}: {value},\n" for key, value in table(layout).items()]
        lines.append("    },\n")
    TABLES.write_text("".join([*lines, "}\n"]), encoding="utf-8")


def table(layout: Layout) -> dict[str, tuple[str, ...]]:
    """Return ``layout`` as the generated module writes it."""
    levels = {
        level: tuple(_row(characters, codes) for codes in CHARACTER_KEYS)
        for level, characters in zip(LEVELS, layout.levels[:4], strict=True)
        if characters
    }
    return levels | {"dead": tuple(_dead_keys(layout))}


def _row(characters: Mapping[int, str], codes: tuple[int, ...]) -> str:
    return "".join(characters.get(code, NONE) for code in codes)


def _dead_keys(layout: Layout) -> Iterator[str]:
    for level, keys in zip(LEVELS, layout.dead_keys[:4], strict=True):
        yield from (f"{level} {KeyCode(code).name} {character}" for code, character in keys.items())


if __name__ == "__main__":
    main()
