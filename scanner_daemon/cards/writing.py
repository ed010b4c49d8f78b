"""Text as it is drawn: letters joined, in the order of the eye. For scripts of one glyph a letter, and Arabic."""

import unicodedata

ELLIPSIS = "…"


def cleaned(text: str) -> str:
    """Return ``text`` as one line of what can be seen: no controls, among them those that turn its direction round."""
    seen = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text))
    return " ".join(seen.split())


def drawn(text: str) -> str | None:
    """Return the letters of the line ``text`` in the order they are drawn, from the left, Arabic ones joined.

    ``None`` where that is not to be had: in scripts whose letters are put together from several glyphs.
    """
    if not any(unicodedata.bidirectional(letter) in {"R", "AL", "AN"} for letter in text):
        shaped = text
    else:
        from arabic_reshaper import ArabicReshaper
        from bidi import get_display

        reshaper = ArabicReshaper(configuration={"delete_harakat": True, "ARABIC LIGATURE ALLAH": False})
        shaped = str(get_display(reshaper.reshape(text)))
    return None if any(unicodedata.category(letter).startswith("M") for letter in shaped) else shaped
