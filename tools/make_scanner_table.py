"""Write ``docs/scanners.md`` from the recordings in ``fixtures/scans``.

Run from the repository's root: ``python tools/make_scanner_table.py``. With ``--check`` nothing is written, and the
status is 1 where the page is not what the recordings say.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner_daemon.decoding.layouts import LAYOUTS

ROOT = Path(__file__).parents[1]
SCANS = ROOT / "fixtures" / "scans"
PAGE = ROOT / "docs" / "scanners.md"

DRIVERS = {
    "wedge": "keyboard-wedge",
    "hid-keyboard": "hid-keyboard",
    "hid-pos": "hid-pos",
    "bytes": "serial",
    "ssi": 'serial, protocol = "ssi"',
}
"""Form of the recording → driver and what else the configuration says."""

SETTINGS = ("layout", "terminator", "control_map", "code_id", "length", "gap", "caps_lock", "num_lock")
MADE_UP = "made up"

HEAD = """# Scanners

<!-- Made by tools/make_scanner_table.py from fixtures/scans; do not edit. -->

Any scanner works that types, sits on a serial port or is in HID POS mode. Which driver reads it depends on the mode it
is set to, not on its maker; `scanner-daemon devices` tells the mode. Where there is a choice, take HID POS or serial:
they depend on no keyboard layout and cannot type into the till.

| the scanner is | driver | set on it |
|---|---|---|
| a keyboard | `keyboard-wedge` | its layout, as `layout`; a suffix, as `terminator` |
| a keyboard that packs ALT codes into one report | `hid-keyboard` | the same |
| HID POS (usage page 8C) | `hid-pos` | nothing: symbology and end of a scan are part of it |
| a serial port: RS-232, USB bridge, USB CDC, Bluetooth | `serial` | a suffix, as `terminator`; AIM identifiers |
| the same, Zebra's SSI | `serial`, `protocol = "ssi"` | software handshake on, as it is by default |

`layout` is one of {layouts};
or, with `pip install 'scanner-daemon[xkb]'`, any of xkeyboard-config as `xkb:LAYOUT(VARIANT)`.

How a recording of another scanner gets here: `scanner-daemon record`, see [recordings.md](recordings.md).

## Seen

Recorded from real scanners, by their owners or in their makers' manuals; sources and licences are in
[`fixtures/README.md`](../fixtures/README.md). Each is decoded in every run of the tests.

"""

BEHAVIOURS = """
## What scanners do

One recording for each behaviour. The settings are those that differ from the default, the locks as the host had them.
"""


@dataclass(frozen=True)
class Fixture:
    """One recording: its heading, the comments between it and the first step, and the outcome it expects."""

    name: str
    heading: dict[str, str]
    comment: str
    expected: tuple[str, ...]

    @property
    def driver(self) -> str:
        """The driver that reads such a scanner."""
        return DRIVERS[self.heading["format"]]

    @property
    def settings(self) -> str:
        """What the heading says of them."""
        return ", ".join(f"`{key} = {self.heading[key]}`" for key in SETTINGS if key in self.heading)

    @property
    def link(self) -> str:
        """Where the recording is, as the page links to it."""
        return f"[{self.name}](../fixtures/scans/{self.name}.scan)"


def main() -> int:
    """Write or check the page; return the exit status."""
    fixtures = [read(file) for file in sorted(SCANS.glob("*.scan"))]
    page = (
        HEAD.format(layouts=" ".join(f"`{name}`" for name in LAYOUTS))
        + "".join(seen(fixtures))
        + BEHAVIOURS
        + "".join(behaviours(fixtures))
    )
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    sys.stderr.write(f"{PAGE} is not what the recordings say: python {Path(__file__).name}\n")
    return 1


def read(file: Path) -> Fixture:
    """Return what the page tells of a recording."""
    heading, _, rest = file.read_text(encoding="utf-8").partition("\n\n")
    notes = [line.removeprefix("# ") for line in rest.splitlines() if line.startswith("# ")]
    return Fixture(
        name=file.stem,
        heading={key: value.strip() for key, _, value in (line.partition(":") for line in heading.splitlines())},
        comment=next(note for note in notes if not note.startswith("expect: ")),
        expected=tuple(note.removeprefix("expect: ") for note in notes if note.startswith("expect: ")),
    )


def seen(fixtures: Iterable[Fixture]) -> Iterator[str]:
    """Yield the lines of the table of real scanners."""
    yield "| scanner | driver | decodes to | recording |\n|---|---|---|---|\n"
    for fixture in sorted(fixtures, key=lambda fixture: fixture.heading["scanner"].lower()):
        if fixture.heading["scanner"] != MADE_UP:
            outcome = "; ".join(map(_cell, fixture.expected)) or "nothing: not HID POS, refused"
            yield f"| {fixture.heading['scanner']} | `{fixture.driver}` | {outcome} | {fixture.link} |\n"


def behaviours(fixtures: Iterable[Fixture]) -> Iterator[str]:
    """Yield a table for each driver."""
    made_up = [fixture for fixture in fixtures if fixture.heading["scanner"] == MADE_UP]
    for driver in DRIVERS.values():
        yield f"\n### `{driver}`\n\n| behaviour | settings and locks | recording |\n|---|---|---|\n"
        for fixture in made_up:
            if fixture.driver == driver:
                yield f"| {_escaped(fixture.comment)} | {fixture.settings} | {fixture.link} |\n"


def _cell(expected: str) -> str:
    if expected.startswith("discarded "):
        return expected.replace("_", " ")
    short = expected if len(expected) <= _MOST else f"{expected[:_MOST]}…"
    return f"`{_escaped(short)}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


_MOST = 40

if __name__ == "__main__":
    raise SystemExit(main())
