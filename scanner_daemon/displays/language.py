"""What displays say, in one language, and how points, money and dates are written in it. Pure but for its catalogue.

Catalogues are gettext's, ``languages/<language>.po``, read as they are: there is nothing to compile. The rules for
figures are those of Unicode's CLDR, through Babel, which is imported where a display needs it and nowhere else.
"""

import functools
import gettext
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from importlib import resources
from typing import Final, Literal, Self

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from scanner_daemon.displays import LANGUAGES

_LETTER_AT_DIGIT: Final = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
"""Where CLDR has a space that Babel leaves out (UTS 35, currencySpacing)."""


@dataclass(frozen=True, slots=True)
class Language:
    """Call it with an English sentence of this package to have it in this language."""

    locale: Locale
    catalogue: gettext.NullTranslations

    @classmethod
    def named(cls, tag: str) -> Self:
        """Return the language ``tag`` names, such as ``de`` or ``pt-BR``: the region decides on figures and dates.

        Raises ``ValueError("expected …, got …")``.
        """
        try:
            locale = Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            locale = None
        if locale is None or locale.language not in LANGUAGES:
            raise ValueError(f"language: expected one of {' '.join(LANGUAGES)}, such as de or de-CH, got {tag!r}")
        return cls(locale, _catalogue(locale.language))

    def __call__(self, sentence: str) -> str:
        """Return ``sentence`` in this language; in English where its catalogue lacks it."""
        return self.catalogue.gettext(sentence)

    @property
    def tag(self) -> str:
        """The tag of BCP 47, for ``lang`` in HTML."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way it is read, for ``dir`` in HTML."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    def points(self, amount: Decimal | None) -> str | None:
        """Return ``amount`` with thousands separated and as many decimals as it has; unknown stays ``None``."""
        if amount is None:
            return None
        return str(numbers.format_decimal(amount.normalize(), locale=self.locale, decimal_quantization=False))

    def money(self, value: Decimal | None, currency: str | None) -> str | None:
        r"""Return ``value`` with the minor units of ``currency`` (ISO 4217), rounded down: never promise too much.

        >>> Language.named("de").money(Decimal("1260.559"), "EUR")
        '1.260,55\xa0€'
        """
        if value is None:
            return None
        decimals = numbers.get_currency_precision(currency) if currency else 2
        value = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)
        if not currency:
            return str(numbers.format_decimal(value, locale=self.locale, format="#,##0.00"))
        text = str(numbers.format_currency(value, currency, locale=self.locale))
        text = _LETTER_AT_DIGIT.sub("\N{NO-BREAK SPACE}", text)
        symbol = numbers.get_currency_symbol(currency, locale=self.locale)
        if self.direction == "rtl" and symbol[:1].isascii():  # or "US$" is read as "$US"
            text = text.replace(symbol, f"\N{LEFT-TO-RIGHT ISOLATE}{symbol}\N{POP DIRECTIONAL ISOLATE}")
        return text

    def day(self, day: date, *, length: Literal["medium", "short"] = "medium") -> str:
        """Return ``day`` as a date."""
        return str(dates.format_date(day, length, locale=self.locale))

    def time(self, moment: datetime) -> str:
        """Return the time of day of ``moment``, in hours and minutes of its own zone."""
        return str(dates.format_time(moment.replace(tzinfo=None), "short", locale=self.locale))

    def moment(self, moment: datetime) -> str:
        """Return date and time of ``moment`` in the host's zone."""
        local = moment.astimezone()
        joined = dates.get_datetime_format("medium", locale=self.locale)
        return str(joined).replace("'", "").replace("{1}", self.day(local.date())).replace("{0}", self.time(local))


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    source = resources.files(__package__).joinpath("languages", f"{language}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
