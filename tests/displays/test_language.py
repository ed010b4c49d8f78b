"""Catalogues are whole; figures and dates are those of the language."""

import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from scanner_daemon import displays
from scanner_daemon.displays import LANGUAGES
from scanner_daemon.displays.language import Language
from scanner_daemon.displays.sentences import SENTENCES

CALLS = {"say": None, "language": None}


def sentences() -> set[str]:
    """All that the displays say, taken from the source."""
    folder = Path(str(resources.files(displays)))
    said = {sentence for pair in SENTENCES.values() for sentence in pair if sentence}
    for file in folder.glob("*.py"):
        for _, found, _, _ in extract("python", io.BytesIO(file.read_bytes()), CALLS):
            said.add(str(found))
    return said


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_sentence_is_in_every_catalogue_and_nothing_else(language: str) -> None:
    file = resources.files(displays).joinpath("languages", f"{language}.po")
    catalogue = read_po(io.BytesIO(file.read_bytes()), locale=language, abort_invalid=True)
    entries = {str(entry.id): entry for entry in catalogue if entry.id}

    assert set(entries) == sentences()
    for text, entry in entries.items():
        assert entry.string, text
        assert not entry.fuzzy, text
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", str(entry.string))), text


def test_figures_are_those_of_the_language() -> None:
    amount, day = Decimal("1234567.25"), date(2026, 12, 1)
    shown = {tag: Language.named(tag) for tag in ("en", "de", "de-CH", "fr", "pt-BR", "tr", "ar")}

    assert {tag: language.points(amount) for tag, language in shown.items()} == {
        "en": "1,234,567.25",
        "de": "1.234.567,25",
        "de-CH": "1’234’567.25",
        "fr": "1\u202f234\u202f567,25",
        "pt-BR": "1.234.567,25",
        "tr": "1.234.567,25",
        "ar": "1,234,567.25",
    }
    assert shown["en"].money(Decimal(60), "USD") == "$60.00"
    assert shown["de"].money(Decimal(60), "USD") == "60,00\N{NO-BREAK SPACE}$"
    assert "\N{LEFT-TO-RIGHT ISOLATE}US$\N{POP DIRECTIONAL ISOLATE}" in (shown["ar"].money(Decimal(60), "USD") or "")
    assert shown["tr"].day(day) == "1 Ara 2026"
    assert shown["de"].moment(datetime(2026, 12, 1, 9, 5, tzinfo=UTC).astimezone()).startswith("01.12.2026, ")


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (Decimal("1.2555"), "KWD", "KWD\N{NO-BREAK SPACE}1.255"),
        (Decimal("0.999"), "USD", "$0.99"),
        (Decimal(500), "JPY", "¥500"),
        (Decimal("1260.5"), None, "1,260.50"),
        (Decimal("1E+3"), "EUR", "€1,000.00"),
        (Decimal(5), "<b>", "<b>5.00"),
    ],
)
def test_money_has_its_currency_s_decimals_and_never_promises_too_much(
    value: Decimal, currency: str | None, shown: str
) -> None:
    assert Language.named("en").money(value, currency) == shown


def test_unknown_stays_unknown() -> None:
    assert Language.named("de").points(None) is None
    assert Language.named("de").money(None, "EUR") is None


def test_direction_and_tag() -> None:
    assert {tag: Language.named(tag).direction for tag in ("en", "ar", "pt-BR")} == {
        "en": "ltr",
        "ar": "rtl",
        "pt-BR": "ltr",
    }
    assert Language.named("pt-BR").tag == "pt-BR"


@pytest.mark.parametrize("tag", ["xx", "de-", "", "ja", "de_CH", "../de", "d" * 1000])
def test_a_language_without_catalogue_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="expected one of en ar de es fr pt tr"):
        Language.named(tag)
