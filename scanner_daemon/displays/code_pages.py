"""Text for displays that know one code page of one byte a character. Pure.

What comes out is safe to send: no control byte, no escape sequence, whatever went in.
"""

import unicodedata
from typing import Final, Literal, TypeAlias

CodePage: TypeAlias = Literal["ascii", "cp437", "cp850", "cp852", "cp858", "cp866", "cp1252"]

LONGEST: Final = 200
"""Characters of a text that are shown at most; nobody stands at a till for longer."""


def writable(text: str, code_page: CodePage) -> str:
    r"""Return ``text`` in characters that ``code_page`` has, one byte each, all of them printable; white space is " ".

    A character it lacks is written the plain way ("ß" as "ss", "ő" as "o", "€" as "EUR"); a letter or digit without
    one is "?", any other is left out, and so are control characters, bidirectional overrides and emoji.

    >>> writable("Łódź\x1b[2J, 5\u00a0€ \N{GRINNING FACE}", "cp437")
    'Lódz[2J, 5 EUR '
    """
    shown = unicodedata.normalize("NFC", text[:LONGEST])
    return "".join(_character(character, code_page) for character in shown)


def can_write(text: str, code_page: CodePage) -> bool:
    """Tell whether ``code_page`` has a way to write every letter of ``text``."""
    return "?" not in writable(text.replace("?", ""), code_page)


def encoded(text: str, code_page: CodePage) -> bytes:
    """Return ``text``, which :func:`writable` has made, as bytes."""
    return text.encode(code_page)


def _character(character: str, code_page: CodePage) -> str:
    if character.isspace():
        return " "
    if _has(code_page, character):
        return character
    plain = _PLAIN.get(character) or _without_marks(character)
    if plain and all(_has(code_page, part) for part in plain):
        return plain
    return "?" if unicodedata.category(character)[0] in "LN" else ""


def _has(code_page: CodePage, character: str) -> bool:
    if not character.isprintable():
        return False
    try:
        (byte,) = character.encode(code_page)
    except UnicodeEncodeError:
        return False
    return byte >= 0x20 and byte != 0x7F  # noqa: PLR2004  what is no control character


def _without_marks(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character)
    return "".join(part for part in decomposed if not unicodedata.combining(part))


_PLAIN: Final = {
    **dict.fromkeys("‘’‚‛′‹›", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict(zip("·•×", ".*x", strict=True)),
    "ß": "ss",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "ı": "i",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ħ": "h",
    "Ħ": "H",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "¢": "ct",
    "₺": "TL",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₪": "ILS",
    "…": "...",
    "©": "(c)",
    "®": "(R)",
    "№": "No.",
}
"""What decomposition (Unicode Standard Annex 15) does not take apart."""
