"""Runs of cards: a list of numbers in, files of proven cards out, to be taken up again where it stopped."""

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from scanner_daemon.cards import layout, vector
from scanner_daemon.cards.drawing import Drawing
from scanner_daemon.cards.encoding import encode
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import Page
from scanner_daemon.cards.rendering import output, proven
from scanner_daemon.cards.sheet import SHEETS, Sheet
from scanner_daemon.cards.symbol import Symbology
from scanner_daemon.errors import PrinterError

COLUMN: Final = "customer_id"
"""The column of the numbers, where the list has a head line; else they are its first column."""

CARDS_PER_FILE: Final = 500
"""Of a PDF or a printer's language; a picture has a file of its own. Keeps the memory of a long run flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A number and the line of the list it stands on."""

    line: int
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A line no card can be made of, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How all cards of a run are made. ``sheet`` names one of ``SHEETS``, for PDF only."""

    symbology: Symbology
    form: Form
    page: Page
    dpi: int
    title: str = ""
    sheet: str | None = None

    def draw(self, number: str) -> Drawing:
        """Return one card, not proven yet. Raises ``ValueError``."""
        return layout.lay_out(encode(self.symbology, number), self.page, dpi=self.dpi, title=self.title)


def read_rows(file: Path) -> list[Row]:
    """Return the numbers of the CSV ``file``, blank lines left out. Raises ``OSError``, ``ValueError``."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened)
        try:
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"expected a CSV file in UTF-8, got line {reader.line_num + 1}: {error}") from None
    column = 0
    if lines and COLUMN in lines[0][1]:
        column = lines.pop(0)[1].index(COLUMN)
    return [Row(line=line, number=cells[column] if column < len(cells) else "") for line, cells in lines]


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
        sheet = self._sheet()
        return CARDS_PER_FILE - CARDS_PER_FILE % (sheet.columns * sheet.rows) if sheet else CARDS_PER_FILE

    def _sheet(self) -> Sheet | None:
        return SHEETS[self._design.sheet] if self._design.sheet else None

    def _claim_folder(self) -> None:
        """Write down what this folder is for, or hold it against what stands there."""
        design = asdict(self._design) | {"symbology": self._design.symbology.value, "form": self._design.form.value}
        rows = hashlib.sha256(json.dumps([[row.line, row.number] for row in self._rows]).encode()).hexdigest()
        mine = json.dumps({"design": design, "rows": rows}, indent=2)
        file = self._folder / "batch.json"
        if file.exists():
            if file.read_text(encoding="utf-8") != mine:
                raise ValueError(f"expected a folder of this run's own, got {self._folder} with another list or design")
        elif any(not other.name.startswith(".") for other in self._folder.iterdir()):
            raise ValueError(f"expected a new or empty folder, got {self._folder} with other files")
        else:
            _write(file, mine.encode())

    def _make_file(self, file: Path, rows: Sequence[Row]) -> None:
        cards = list(self._proven(rows))
        if self._design.form is Form.PDF:
            drawings = [drawing for drawing, _ in cards]
            sheet = self._sheet()
            made = vector.pdf_sheets(drawings, sheet) if sheet else vector.pdf(drawings)
        else:
            made = b"".join(data for _, data in cards)
        if cards:
            _write(file, made)

    def _proven(self, rows: Sequence[Row]) -> Iterator[tuple[Drawing, bytes]]:
        """Yield each row's drawing and output; write down the rows whose card is refused."""
        for row in rows:
            drawing = self._design.draw(row.number)
            try:
                image = proven(drawing)
            except PrinterError as error:
                with self._refusals.open("a", encoding="utf-8", newline="") as opened:
                    csv.writer(opened).writerow([row.line, error])
            else:
                yield drawing, b"" if self._design.form is Form.PDF else output(self._design.form, drawing, image)


def _write(file: Path, data: bytes) -> None:
    """Write ``file`` whole or not at all, whatever happens to the machine."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    with unfinished.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.replace(file)
