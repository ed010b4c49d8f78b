"""The labels of the calibration page, and what is wrong when something else comes."""

from typing import Final

from scanner_daemon.decoding.code_ids import CodeId, identify

LAYOUT_LABEL: Final = '9YzqAwm-/*:@"|'
"""A Code 128. It begins with a digit, so that no maker's code identifier is read into it."""

CONTROL_LABEL: Final = "8018952000000000000019\x1d801912"
"""A GS1-128: a service relation below 952, GS1's prefix for examples, FNC1, and its instance 12."""

LABELS: Final = (LAYOUT_LABEL, CONTROL_LABEL)
"""In the order in which they are scanned."""


class Complaint(str):
    """Why a scanner cannot be used as it is set, and what to change about it: one sentence."""

    __slots__ = ()


class Unreadable(Complaint):
    """What came cannot be understood at all: another way of listening may be able to."""

    __slots__ = ()


def code_ids(text: str, label: str) -> list[CodeId]:
    """Return the code identifiers under which ``text`` is ``label``, the most forgiving one first.

    FNC1 in front of GS1 data may come as a separator, too.
    """
    found = ((scheme, identify(text, scheme)) for scheme in _SCHEMES)
    return [scheme for scheme, it in found if it and it[0].removeprefix(_GS) == label]


def complaint(text: str, label: str) -> Complaint:
    """Return what is wrong with a scanner that sent ``text`` for ``label``."""
    before, found, after = text.partition(label)
    if before and found:
        return Complaint(f"it sends {before!r} before the label: take the prefix off, or set it to AIM identifiers")
    if found:
        return Complaint(f"it sends {after!r} after the label: set its suffix to CR (Enter)")
    sent = text.strip("\t\r\n\x02\x03")
    if _GS in label and sent.endswith(label.replace(_GS, "")):
        return Complaint("it leaves GS (FNC1, ASCII 29) out: have it send control characters, or FNC1 as GS")
    if sent.swapcase() == label or sent.lower() == label.lower():
        return Complaint("it changes the case of letters: turn its case conversion off, and CapsLock")
    missing = [character for character in label if character not in sent]
    if missing and sent == "".join(character for character in label if character in sent):
        return Complaint(f"it does not send {' '.join(missing)}: set it to the US keyboard layout, or to ALT codes")
    return Complaint("this is not what the page says: scan the right label, or set it to the US keyboard layout")


_GS: Final = "\x1d"
_SCHEMES: Final = (CodeId.AIM, CodeId.HONEYWELL, CodeId.SYMBOL, CodeId.DATALOGIC)
