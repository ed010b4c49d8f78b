"""The long run: numbers of every symbology, made in every form, decoded back, and counted.

Run it with ``python -m tests.cards.round_trips [COUNT] [--after N]``, 10000 numbers a symbology unless told; each
becomes a PNG, an SVG, a PDF, a ZPL label and an ESC/POS receipt, at 203, 300 and 600 dpi in turn. What a printer or
viewer makes of each is read by the decoder as a whole page, or is dot for dot the page that was read already. The
numbers are the same in each run. They are taken 500 at a time through all symbologies, with the counts so far, so that
a run may be broken off; ``--after`` leaves out the first N, so that another goes on, or a second core takes its share.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from PIL import Image

from scanner_daemon.cards import vector
from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import PRINTABLE, encode
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import lay_out
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.rendering import output, proven
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.errors import PrinterError
from tests.cards import interpreters
from tests.cards.numbers import DIGITS, checked, scanned

COUNT: Final = 10_000
DPIS: Final = (203, 300, 600)
ROUND: Final = 500
PER_PDF: Final = 50
"""Pages of one PDF: one start of the program that draws them."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the cards of one symbology, by form; ``rest`` are the numbers still to come."""

    symbology: Symbology
    rest: Iterator[str]
    made: int = 0
    refused: int = 0
    right: Counter[Form] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(self, form: Form, number: str, page: Image.Image, *, read_already: Image.Image | None = None) -> None:
        """Count one page that must read as ``number`` and nothing else."""
        if read_already is not None and _same_dots(page, read_already):
            self.right[form] += 1
            return
        found = [reading.data for reading in read(page)]
        if found == [scanned(self.symbology, number)]:
            self.right[form] += 1
        else:
            self.wrong.append(f"{form.value} {number!r} read as {found}")

    def __str__(self) -> str:
        forms = " ".join(f"{form.value} {self.right[form]}" for form in Form)
        return f"{self.symbology.value:10} of {self.made}: {forms}, refused {self.refused}, wrong {len(self.wrong)}"


def tally_of(symbology: Symbology, *, after: int = 0) -> Tally:
    """Return the count of a symbology before its first card; ``after`` numbers are left out."""
    return Tally(symbology=symbology, rest=islice(_numbers(symbology), after, None))


def go_on(tally: Tally, count: int, folder: Path) -> None:
    """Make ``count`` cards more in every form and read each back; what the proof refuses is not made, and counted."""
    for start in range(0, count, PER_PDF):
        dpi = DPIS[(tally.made // PER_PDF) % len(DPIS)]
        pages: list[tuple[str, Drawing]] = []
        for number in islice(tally.rest, min(PER_PDF, count - start)):
            tally.made += 1
            try:
                pages.append((number, _all_but_pdf(tally, number, dpi, folder)))
            except PrinterError:
                tally.refused += 1
        drawn = interpreters.pdf(vector.pdf([drawing for _, drawing in pages]), dpi=dpi, folder=folder) if pages else []
        for (number, _), page in zip(pages, drawn, strict=True):
            tally.judge(Form.PDF, number, page)


def main() -> None:
    """Print the counts after each round; the status is 1 when any card read as anything but its number."""
    parser = argparse.ArgumentParser(prog="python -m tests.cards.round_trips", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=COUNT)
    parser.add_argument("--after", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    count = arguments.count
    tallies = [tally_of(symbology, after=arguments.after) for symbology in Symbology]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for done in range(0, count, ROUND):
            for tally in tallies:
                go_on(tally, min(ROUND, count - done), Path(folder))
            print(*tallies, f"{time.monotonic() - started:.0f} s", sep="\n", flush=True)  # noqa: T201  it reports
    wrong = [line for tally in tallies for line in tally.wrong]
    print(*wrong, sep="\n")  # noqa: T201  same
    sys.exit(1 if wrong else 0)


def _all_but_pdf(tally: Tally, number: str, dpi: int, folder: Path) -> Drawing:
    """Judge a card in every form that is one file a card; return its drawing. Raises ``PrinterError``."""
    symbol = encode(tally.symbology, number)
    drawing = lay_out(symbol, Form.PNG.page, dpi=dpi)
    receipt = lay_out(symbol, Form.ESCPOS.page, dpi=dpi)
    card, roll = (drawing, proven(drawing)), (receipt, proven(receipt))
    for form in (Form.PNG, Form.SVG, Form.ZPL, Form.ESCPOS):
        of, image = roll if form is Form.ESCPOS else card
        page = interpreters.drawn(form, output(form, of, image), dpi=dpi, folder=folder)
        tally.judge(form, number, page, read_already=image)
    return drawing


def _same_dots(page: Image.Image, other: Image.Image) -> bool:
    """Tell whether ``page`` is ``other``, on paper that may be some dots wider."""
    same = page.crop((0, 0, *other.size))
    return page.height == other.height and same.tobytes() == other.convert("L").tobytes()


def _numbers(symbology: Symbology) -> Iterator[str]:
    """Yield numbers without end that the symbology carries and no lane refuses."""
    draw = random.Random(symbology.value)
    make = _KINDS.get(symbology, _any_text)
    while True:
        number = make(draw)
        try:
            encode(symbology, number)
        except ValueError:
            continue  # such as what may be a payment card's
        yield number


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choices(DIGITS, k=count))


def _checked(draw: random.Random, *, count: int) -> str:
    return checked(_digits(draw, count))


def _pairs(draw: random.Random) -> str:
    return _digits(draw, 2 * draw.randint(3, 10))


def _code39(draw: random.Random) -> str:
    return "".join(draw.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. ", k=draw.randint(7, 12)))


def _any_text(draw: random.Random) -> str:
    """Return digits, digits that begin with 99 (python-barcode loses those in Code 128), or any characters."""
    match draw.randrange(3):
        case 0:
            return _digits(draw, draw.randint(1, 20))
        case 1:
            return "99" + _digits(draw, draw.randint(1, 14))
        case _:
            return "".join(draw.choices(sorted(PRINTABLE), k=draw.randint(1, 16)))


_KINDS: Final[Mapping[Symbology, Callable[[random.Random], str]]] = {
    Symbology.EAN13: partial(_checked, count=12),
    Symbology.GS1_128: partial(_checked, count=17),
    Symbology.ITF: _pairs,
    Symbology.CODE39: _code39,
    Symbology.MICRO_QR: lambda draw: _digits(draw, draw.randint(1, 18)),
}

if __name__ == "__main__":
    main()
