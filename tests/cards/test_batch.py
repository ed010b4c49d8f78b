"""Runs of cards: every row made once, or told by its line."""

from pathlib import Path

import pytest

from scanner_daemon.cards.batch import CARDS_PER_FILE, BadRow, Design, Row, Run, check, read_rows
from scanner_daemon.cards.form import Form
from scanner_daemon.cards.layout import CR80
from scanner_daemon.cards.pictures import pages
from scanner_daemon.cards.proof import read
from scanner_daemon.cards.symbol import Symbology
from tests.cards import interpreters
from tests.cards.numbers import checked


def design(form: Form = Form.PNG, symbology: Symbology = Symbology.EAN13) -> Design:
    return Design(symbology=symbology, form=form, page=CR80, dpi=203)


def rows(*numbers: str) -> list[Row]:
    return [Row(line=line, number=number) for line, number in enumerate(numbers, start=1)]


def some_rows(count: int) -> list[Row]:
    return rows(*(checked(f"04{number:010}") for number in range(1, count + 1)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12\n34\n", [(1, "12"), (2, "34")]),
        ('name,customer_id\nA, 12 \n\n"B\nC",34\n', [(2, "12"), (5, "34")]),
        ("\ufeffcustomer_id\r\n12\r\n", [(2, "12")]),
        ("name,customer_id\nA\n", [(2, "")]),
        ("", []),
    ],
)
def test_a_list_of_numbers(text: str, expected: list[tuple[int, str]], tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode())
    assert [(row.line, row.number) for row in read_rows(file)] == expected


def test_a_list_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"12\n\xff\xfe")
    with pytest.raises(ValueError, match="expected a CSV file in UTF-8, got"):
        read_rows(file)


def test_bad_rows_are_all_told_and_good_ones_kept() -> None:
    some = rows("0412345678903", "0412345678904", "x", "0412345678903", "", "0412345678910")
    good, bad = check(some, design())
    assert [row.line for row in good] == [1, 6]
    assert [str(row) for row in bad] == [
        "line 2: expected the check digit 3, got 4",
        "line 3: expected 13 digits, the last the check digit, got 1 characters that are not all digits",
        "line 4: the same number as on line 1",
        "line 5: expected a member's number, got nothing",
    ]


@pytest.mark.parametrize("form", [Form.PNG, Form.ZPL])
def test_a_run_makes_every_card_in_order(form: Form, tmp_path: Path) -> None:
    some = some_rows(5)
    assert sum(Run(some, design(form), tmp_path).make()) == 5
    files = sorted(tmp_path.glob("cards-*"))
    found = []
    for file in files:
        labels = file.read_bytes().split(b"^XZ\n")[:-1] if form is Form.ZPL else [file.read_bytes()]
        for label in labels:
            made = label + b"^XZ\n" if form is Form.ZPL else label
            found += read(interpreters.drawn(form, made, dpi=203, folder=tmp_path))
    assert [reading.data.decode() for reading in found] == [row.number for row in some]
    assert len(files) == (5 if form is Form.PNG else 1)


def test_a_run_makes_what_is_missing_and_nothing_again(tmp_path: Path) -> None:
    some = some_rows(4)
    first = Run(some, design(), tmp_path).make()
    next(first)
    next(first)
    (tmp_path / "cards-000001.png").write_bytes(b"mark")
    assert sum(Run(some, design(), tmp_path).make()) == 4
    assert (tmp_path / "cards-000001.png").read_bytes() == b"mark"
    assert read(next(pages(tmp_path / "cards-000004.png")))[0].data.decode() == some[3].number


def test_another_list_or_design_never_mixes_with_this_one(tmp_path: Path) -> None:
    list(Run(some_rows(1), design(), tmp_path / "a").make())
    for other in (Run(some_rows(2), design(), tmp_path / "a"), Run(some_rows(1), design(Form.SVG), tmp_path / "a")):
        with pytest.raises(ValueError, match="with another list or design"):
            next(other.make())
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "cards-000001.png").write_bytes(b"of nobody knows which run")
    with pytest.raises(ValueError, match="expected a new or empty folder"):
        next(Run(some_rows(1), design(), tmp_path / "b").make())


def test_a_card_that_does_not_read_back_is_left_out_and_told_each_time(tmp_path: Path) -> None:
    some = rows("ABC1234", "MFC9JY", "ABC1235")
    code39 = design(Form.ZPL, Symbology.CODE39)
    for _ in range(2):
        run = Run(some, code39, tmp_path)
        assert sum(run.make()) == 3
        (refused,) = run.refused()
        assert refused == BadRow(line=2, reason=refused.reason)
        assert "got Code 32" in refused.reason
    assert (tmp_path / "cards-000001.zpl").read_bytes().count(b"^XA") == 2


def test_files_of_sheets_are_of_whole_sheets() -> None:
    assert CARDS_PER_FILE >= 100
    run = Run([], Design(symbology=Symbology.QR, form=Form.PDF, page=CR80, dpi=203, sheet="l7160"), Path())
    assert run._per_file() % 21 == 0  # the seam between two files must not leave labels empty
