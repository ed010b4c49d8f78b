"""Runs of cards: a list of numbers in, files of proven cards out, to be taken up again where it stopped."""

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final, TypeVar

from scanner_daemon.cards import layout, two_sided, vector
from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import Page
from scanner_daemon.cards.rendering import output, proven
from scanner_daemon.cards.sheet import SHEETS, Sheet
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.cards.template import Template
from scanner_daemon.cards.two_sides import TwoSides
from scanner_daemon.errors import PrinterError

COLUMN: Final = "customer_id"
"""The column of the numbers, where the list has a head line; else they are its first column."""

NAME_COLUMN: Final = "display_name"
"""The column of the members' names, if the list has one."""

CARDS_PER_FILE: Final = 500
"""Of a PDF or a printer's language; a picture has a file of its own. Keeps the memory of a long run flat."""

TWO_SIDED_PER_FILE: Final = 100
"""Likewise; each page is drawn and read back."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A number, whose it is, and the line of the list it stands on."""

    line: int
    number: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A line no card can be made of, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How all cards of a run are made. ``sheet`` names one of ``SHEETS``, for PDF only.

    With a ``template``, cards of two sides are made, each two pages of a PDF.
    """

    symbology: Symbology
    form: Form
    page: Page
    dpi: int
    title: str = ""
    sheet: str | None = None
    template: Template | None = None

    def draw(self, number: str) -> Drawing:
        """Return one card, not proven yet, or the bar code of one with two sides. Raises ``ValueError``."""
        if self.template is not None:
            return self.sides().label(number)
        return layout.lay_out(encode(self.symbology, number), self.page, dpi=self.dpi, title=self.title)

    def sides(self) -> TwoSides:
        """Return what makes cards of the template. Raises ``OSError``, ``ValueError``."""
        return TwoSides(template=self.template or Template(), symbology=self.symbology, dpi=self.dpi)


def read_rows(file: Path) -> list[Row]:
    """Return the numbers of the CSV ``file``, blank lines left out. Raises ``OSError``, ``ValueError``."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened)
        try:
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"expected a CSV file in UTF-8, got line {reader.line_num + 1}: {error}") from None
    column, name = 0, None
    if lines and COLUMN in lines[0][1]:
        _, head = lines.pop(0)
        column = head.index(COLUMN)
        name = head.index(NAME_COLUMN) if NAME_COLUMN in head else None
    return [Row(line=line, number=_cell(cells, column), name=_cell(cells, name)) for line, cells in lines]


def check(rows: Sequence[Row], design: Design) -> tuple[list[Row], list[BadRow]]:
    """Return the rows a card can be laid out for, and why not for the others; a number is good only once."""
    good: list[Row] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    for row in rows:
        if row.number in seen:
            bad.append(BadRow(line=row.line, reason=f"the same number as on line {seen[row.number]}"))
            continue
        seen[row.number] = row.line
        try:
            design.draw(row.number)
        except ValueError as error:
            bad.append(BadRow(line=row.line, reason=str(error)))
        else:
            good.append(row)
    return good, bad


class Run:
    """One run of cards into a folder of its own.

    Files are complete or absent. Starting the same run again makes only what is missing; another list or design in the
    same folder raises ``ValueError``.
    """

    def __init__(self, rows: Sequence[Row], design: Design, folder: Path) -> None:
        self._rows = rows
        self._design = design
        self._folder = folder
        self._refusals = folder / "refused.csv"

    def make(self) -> Iterator[int]:
        """Make the cards, yielding after each file how many rows it is for. Raises ``OSError``, ``ValueError``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._claim_folder()
        rest = iter(self._rows)
        first = 1
        while rows := list(islice(rest, self._per_file())):
            file = self._folder / f"cards-{first:06}.{self._design.form.value}"
            if not file.exists():
                self._make_file(file, rows)
            yield len(rows)
            first += len(rows)

    def refused(self) -> list[BadRow]:
        """Return the rows whose cards did not read back, of this start and of earlier ones."""
        if not self._refusals.exists():
            return []
        with self._refusals.open(encoding="utf-8", newline="") as opened:
            reasons = {int(line): reason for line, reason in csv.reader(opened)}
        return [BadRow(line=line, reason=reason) for line, reason in sorted(reasons.items())]

    def _per_file(self) -> int:
        if self._design.form in {Form.PNG, Form.SVG}:
            return 1
        if self._design.template is not None:
            return TWO_SIDED_PER_FILE
        sheet = self._sheet()
        return CARDS_PER_FILE - CARDS_PER_FILE % (sheet.columns * sheet.rows) if sheet else CARDS_PER_FILE

    def _sheet(self) -> Sheet | None:
        return SHEETS[self._design.sheet] if self._design.sheet else None

    def _claim_folder(self) -> None:
        """Write down what this folder is for, or hold it against what stands there."""
        design = asdict(self._design) | {"symbology": self._design.symbology.value, "form": self._design.form.value}
        listed = json.dumps([[row.line, row.number, row.name] for row in self._rows])
        rows = hashlib.sha256(listed.encode()).hexdigest()
        mine = json.dumps({"design": design, "rows": rows}, indent=2, default=str)
        file = self._folder / "batch.json"
        if file.exists():
            if file.read_text(encoding="utf-8") != mine:
                raise ValueError(f"expected a folder of this run's own, got {self._folder} with another list or design")
        elif any(not other.name.startswith(".") for other in self._folder.iterdir()):
            raise ValueError(f"expected a new or empty folder, got {self._folder} with other files")
        else:
            _write(file, mine.encode())

    def _make_file(self, file: Path, rows: Sequence[Row]) -> None:
        made = self._of_two_sides(rows) if self._design.template else self._plain(rows)
        if made:
            _write(file, made)

    def _plain(self, rows: Sequence[Row]) -> bytes:
        cards = list(self._each(rows, self._card))
        if not cards or self._design.form is not Form.PDF:
            return b"".join(data for _, data in cards)
        drawings = [drawing for drawing, _ in cards]
        sheet = self._sheet()
        return vector.pdf_sheets(drawings, sheet) if sheet else vector.pdf(drawings)

    def _card(self, row: Row) -> tuple[Drawing, bytes]:
        """Return a proven card and, where it is not a part of a PDF, its output."""
        drawing = self._design.draw(row.number)
        image = proven(drawing)
        return drawing, b"" if self._design.form is Form.PDF else output(self._design.form, drawing, image)

    def _of_two_sides(self, rows: Sequence[Row]) -> bytes:
        sides = self._design.sides()
        cards = list(self._each(rows, lambda row: two_sided.proven(sides.faces(row.number, row.name))))
        return two_sided.output(self._design.form, list(chain.from_iterable(cards))) if cards else b""

    def _each(self, rows: Sequence[Row], make: Callable[[Row], T]) -> Iterator[T]:
        """Yield what ``make`` makes of each row; write down the rows whose card is refused."""
        for row in rows:
            try:
                yield make(row)
            except PrinterError as error:
                with self._refusals.open("a", encoding="utf-8", newline="") as opened:
                    csv.writer(opened).writerow([row.line, error])


def _cell(cells: Sequence[str], column: int | None) -> str:
    return cells[column] if column is not None and column < len(cells) else ""


def _write(file: Path, data: bytes) -> None:
    """Write ``file`` whole or not at all, whatever happens to the machine."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    with unfinished.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.replace(file)
