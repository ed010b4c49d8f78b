"""What somebody tells of a new member, held against what can be true. Pure.

Sources: the HTML standard's "valid e-mail address" (WHATWG HTML, 4.10.5.1.5) and RFC 5321, 4.5.3.1, for e-mail
addresses; ITU-T E.164 for mobile numbers. The phone-number library's own advice is to ask whether a number is possible:
whether it is assigned changes from week to week, and the customer knows better.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from scanner_daemon.errors import Mistake
from scanner_daemon.model import Enrolment, ScanDataType, is_customer_id
from scanner_daemon.pipeline.safety import is_payment_card

NAME_MAX_LENGTH: Final = 100
"""Characters of a display name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Details that are right; ``None`` was not told. ``mobile`` is in E.164 form, ``enrolment`` names an open one."""

    customer_id: str | None = field(default=None, repr=False)
    display_name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    mobile: str | None = field(default=None, repr=False)
    enrolment: str | None = None

    def of(self, customer_id: str, *, scanner: str | None = None) -> Enrolment:
        """Return the enrolment of ``customer_id`` with these details."""
        return Enrolment(
            customer_id=customer_id,
            display_name=self.display_name,
            email=self.email,
            mobile=self.mobile,
            scanner=scanner,
        )


def read_details(told: object, *, default_region: str | None = None) -> Details | list[Mistake]:
    """Return what is ``told`` (a mapping) as details, or every mistake in it.

    White space around a value is nobody's; what is blank or ``None`` is not told. ``default_region`` (ISO 3166-1, two
    capital letters) is where a mobile number without a country code belongs. No mistake repeats what was told.
    """
    if not isinstance(told, Mapping):
        return [_mistake("", "an object with at least one of email and mobile", "something else")]
    checks: Mapping[str, Callable[[str], str]] = {**_CHECKS, "mobile": partial(_mobile, default_region=default_region)}
    mistakes = [
        _mistake(key if _is_plain(key) else "", f"one of {' '.join(checks)}", "an unknown field")
        for key in told.keys() - checks
    ]
    right: dict[str, str] = {}
    for name, check in checks.items():
        value = told.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            right[name] = check(_text(value))
        except ValueError as error:
            mistakes.append(_mistake(name, str(error), _kind(value)))
    if not mistakes and not right.keys() & {"email", "mobile"}:
        mistakes.append(_mistake("", "at least one of email and mobile", "neither"))
    return mistakes or Details(**right)


def is_region(text: str) -> bool:
    """Tell whether ``text`` is a region that mobile numbers can belong to (ISO 3166-1, two capital letters)."""
    from phonenumbers import SUPPORTED_REGIONS

    return text in SUPPORTED_REGIONS


def _is_plain(key: object) -> bool:
    """Tell whether ``key`` can be told back: what no field is called can be anything at all."""
    return isinstance(key, str) and _FIELD.fullmatch(key) is not None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")  # noqa: TRY004  one kind of refusal
    return value.strip()


def _customer_id(text: str) -> str:
    """Take what a card could have said: no other customer's address, no payment card."""
    if not is_customer_id(text):
        raise ValueError("at most 100 printable characters without / \\ %")
    if is_payment_card(text, ScanDataType.UNKNOWN):
        raise ValueError("the number of a member card, not of a payment card")
    return text


def _display_name(text: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text).split(" "))
    if len(name) > NAME_MAX_LENGTH or not all(map(_is_of_a_name, name)) or not any(map(str.isalpha, name)):
        raise ValueError(f"a name of at most {NAME_MAX_LENGTH} letters, digits, spaces and . , ' - & ( )")
    return name


def _is_of_a_name(character: str) -> bool:
    """Letters of any script, their marks, digits; no control, direction or markup characters."""
    return unicodedata.category(character)[0] in "LMN" or character in _IN_NAMES


def _email(text: str) -> str:
    if len(text) > _EMAIL_MAX_LENGTH or not _EMAIL.fullmatch(text):
        raise ValueError("an e-mail address such as john@doe.com")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def _mobile(text: str, *, default_region: str | None) -> str:
    import phonenumbers

    example = "a mobile number" if default_region else "a mobile number with its country code"
    wrong = ValueError(f"{example}, such as +20123456789")
    if not _WRITTEN_NUMBER.fullmatch(text):
        raise wrong
    try:
        number = phonenumbers.parse(text, default_region)
    except phonenumbers.NumberParseException:
        raise wrong from None
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_possible_number(number) or not _E164.fullmatch(e164):
        raise wrong
    return e164


def _enrolment(text: str) -> str:
    if not _ULID.fullmatch(text):
        raise ValueError("the id of an open enrolment")
    return text


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "customer_id": _customer_id,
    "display_name": _display_name,
    "email": _email,
    "mobile": partial(_mobile, default_region=None),
    "enrolment": _enrolment,
}

_IN_NAMES: Final = frozenset(" .,'’‘-‐–&()·ʼ\u200c\u200d")  # the last two join letters, in Persian and Indic scripts
_EMAIL_MAX_LENGTH: Final = 254
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@)(?=\w){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}", re.ASCII)
_WRITTEN_NUMBER = re.compile(r"\+?[\d ().-]{4,32}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # no number in the world has fewer than seven digits
_FIELD = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)


def _mistake(name: str, expected: str, got: str) -> Mistake:
    return Mistake(file="", key=name, expected=expected, got=got)


def _kind(value: object) -> str:
    return f"{len(value)} characters of something else" if isinstance(value, str) else "something else"
