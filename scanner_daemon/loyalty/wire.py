"""Gameball's JSON and our model, both ways. Pure: no HTTP, no clock.

Source: Gameball API reference v4.0 (get customer balance, create customer, status and error codes) and its guide for
points of sale. Where the servers are known to differ from those pages, both are understood: the available points
also as ``avaliablePointsBalance``, an unknown customer also as code 4004 or as a 404 without a body.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from scanner_daemon.errors import LoyaltyProtocolError
from scanner_daemon.loyalty import fields
from scanner_daemon.model import Balance, ExpiringPoints, is_customer_id


class ErrorKind(Enum):
    """What an answer other than 2xx means to a look-up."""

    NOT_FOUND = "no such customer"
    NO_SUCH_PATH = "a 404 that does not say what was not found: no such customer, or a wrong address"
    ALREADY_EXISTS = "the customer to be created is there already"
    CONCURRENT = "another request for this customer is at work: ask again at once"
    UNAVAILABLE = "ask again later"
    REFUSED = "no, now and later"
    MISCONFIGURED = "keys, account or address are wrong: stop asking"
    PROTOCOL = "not an answer of this API"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An answer other than 2xx. Gameball's own words are left out: they may hold the customer's id."""

    kind: ErrorKind
    status: int
    code: int | None
    request_id: str | None

    def __str__(self) -> str:
        code = f", code {self.code}" if self.code is not None else ""
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.status}{code}{request}"


def customer_path(customer_id: str) -> str:
    """Return ``/customers/{customer_id}`` with the id percent-encoded as one whole segment.

    Raises ``ValueError``, without the id in its sentence, unless :func:`scanner_daemon.model.is_customer_id` holds:
    any other id might address another customer.
    """
    if not is_customer_id(customer_id):
        raise ValueError("expected a customer id of at most 100 printable characters without / \\ %, got another")
    return f"/customers/{quote(customer_id, safe='')}"


def create_body(
    customer_id: str,
    *,
    display_name: str | None = None,
    email: str | None = None,
    mobile: str | None = None,
    merge_by_contact: bool = False,
) -> bytes:
    """Return the JSON body that creates (or updates) a customer.

    Blank values are left out, as Gameball does not say whether they would wipe what it has. ``merge_by_contact``
    puts email and mobile at the top level too, where accounts with channel merging look for them.
    """
    contact = {"email": email, "mobile": mobile}
    body: dict[str, object] = {"customerId": customer_id}
    if merge_by_contact:
        body |= _without_blanks(contact)
    body["customerAttributes"] = _without_blanks({"displayName": display_name, **contact, "channel": "pos"})
    return json.dumps(body, separators=(",", ":")).encode()


def check_create_answer(body: bytes) -> None:
    """Accept any JSON and nothing at all: the documented answers differ and none tells a balance.

    Raises ``LoyaltyProtocolError``.
    """
    if body.strip():
        fields.parse(body)


def balance_from(body: bytes) -> Balance:
    """Return the balance in a 200 answer. Every field may be absent or null; unknown is ``None`` and never zero.

    While Gameball is disabled for the account (``gameballStatus`` present) it answers null or 0, and such a 0 is
    unknown too. Raises ``LoyaltyProtocolError`` for anything but a JSON object with fields of the right kind.
    """
    answer = fields.parse(body)
    if not isinstance(answer, dict):
        raise LoyaltyProtocolError(f"expected a JSON object, got {fields.kind(answer)}")
    if answer.get("gameballStatus") is not None:
        answer = {key: None if value == 0 else value for key, value in answer.items()}
    return Balance(
        available_points=fields.number(answer, "availablePointsBalance", "avaliablePointsBalance"),
        available_value=fields.number(answer, "availablePointsValue", "avaliablePointsValue"),
        pending_points=fields.number(answer, "pendingPoints"),
        pending_value=fields.number(answer, "pendingPointsValue"),
        total_points=fields.number(answer, "totalPointsBalance"),
        total_value=fields.number(answer, "totalPointsValue"),
        currency=fields.text(answer, "currency"),
        points_name=fields.text(answer, "pointsName"),
        next_expiring=_next_expiring(answer),
    )


def error_from(status: int, body: bytes, *, about: str | None = None) -> ErrorAnswer:
    """Say what an answer other than 2xx means: by the ``code`` in its body first, by its HTTP status second.

    ``about`` is the customer that was asked for: a request id that holds theirs is left out. Never raises: a body that
    is no error envelope has no code.
    """
    try:
        envelope = fields.parse(body)
    except LoyaltyProtocolError:
        envelope = None
    said = envelope if isinstance(envelope, dict) else {}
    code = _code(said.get("code"))
    kind = _KIND_OF_CODE.get(code) if code is not None else None
    return ErrorAnswer(
        kind=kind or _kind_of_status(status, said.get("message")),
        status=status,
        code=code,
        request_id=_request_id(said.get("requestId"), about),
    )


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds a ``Retry-After`` header asks to wait (RFC 9110, 10.2.3); ``None`` if it says nothing."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip(), re.ASCII):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


_KIND_OF_CODE: Final[Mapping[int, ErrorKind]] = {
    1000: ErrorKind.MISCONFIGURED,  # unauthorized
    1001: ErrorKind.MISCONFIGURED,  # secret key required
    1002: ErrorKind.MISCONFIGURED,  # forbidden
    1006: ErrorKind.MISCONFIGURED,  # secret key missing, as some endpoints say it
    2001: ErrorKind.CONCURRENT,
    4004: ErrorKind.NOT_FOUND,  # "customer does not exist", as some endpoints say it
    5000: ErrorKind.UNAVAILABLE,
    5003: ErrorKind.UNAVAILABLE,
    6000: ErrorKind.MISCONFIGURED,  # Gameball disabled for the account
    7000: ErrorKind.NOT_FOUND,
    7001: ErrorKind.ALREADY_EXISTS,
    8000: ErrorKind.MISCONFIGURED,  # not in the account's plan
}

_SERVER_ERRORS = 500
_CLIENT_ERRORS = 400


def _kind_of_status(status: int, message: object) -> ErrorKind:
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= _SERVER_ERRORS:
        return ErrorKind.UNAVAILABLE
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ErrorKind.MISCONFIGURED
    if status == HTTPStatus.NOT_FOUND:
        return ErrorKind.NO_SUCH_PATH
    if status == HTTPStatus.BAD_REQUEST and isinstance(message, str) and "concurrent" in message.lower():
        return ErrorKind.CONCURRENT
    return ErrorKind.REFUSED if status >= _CLIENT_ERRORS else ErrorKind.PROTOCOL


def _next_expiring(answer: Mapping[str, object]) -> ExpiringPoints | None:
    points = fields.number(answer, "nextExpiringPointsAmount")
    value = fields.number(answer, "nextExpiringPointsValue")
    on = _date(fields.text(answer, "nextExpiringPointsDate"))
    if points == 0 or not (points or value or on):
        return None
    return ExpiringPoints(points=points, value=value, on=on)


def _date(moment: str | None) -> date | None:
    """Return the date part of a date-time without zone: converting it could move it to another day."""
    match = re.match(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])", moment or "", re.ASCII)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _code(value: object) -> int | None:
    text = str(value) if isinstance(value, (str, Decimal)) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) else None


def _request_id(value: object, about: str | None) -> str | None:
    """Return what may be logged: nothing that holds the number of a card or telephone, or the customer's own id."""
    if not isinstance(value, str) or not re.fullmatch(r"(?!.*[0-9]{9})[\w.:|-]{1,64}", value, re.ASCII):
        return None
    return None if about and about in value else value


def _without_blanks(attributes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value and value.strip()}
