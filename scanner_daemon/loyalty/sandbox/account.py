"""The two operations of Gameball a lane needs, as its reference and its servers answer them. No HTTP, no clock.

Source: API reference v4.0 (get customer balance, create customer, authentication, status and error codes); the 401 of
a wrong APIKey is as a live server gave it, the rest of the error envelope as documented.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Final, Literal, TypeAlias

from pydantic import ValidationError

from scanner_daemon.loyalty.sandbox.customers import Customer, Customers
from scanner_daemon.loyalty.sandbox.options import SandboxOptions

Operation: TypeAlias = Literal["balance", "create"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request for one of the operations. Header names are in lower case."""

    operation: Operation
    version: str
    customer_id: str | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Account:
    """One merchant's account."""

    customers: Customers
    _numbers: "count[int]" = field(init=False, default_factory=lambda: count(1))

    def answer(self, question: Question, options: SandboxOptions, *, now: float) -> Reply:
        """Do what ``question`` asks, if it is well put and by somebody who may."""
        refusal = self._refusal(question, options)
        if refusal is not None:
            return refusal
        if question.operation == "create":
            return self._create(question, options, now)
        return self._balance(question.customer_id or "", options, now)

    def error(self, status: int, code: int, kind: str, message: str) -> Reply:
        """Return an error in the documented envelope."""
        envelope = {
            "code": code,
            "type": kind,
            "message": message,
            "documentationUrl": "https://docs.gameball.co/api-reference/overview/status-error-codes",
            "requestId": f"sandbox-{next(self._numbers):06}",
        }
        return _json(envelope, status=status)

    def _refusal(self, question: Question, options: SandboxOptions) -> Reply | None:
        """Return why ``question`` may not be asked: v4.0 creates customers with the APIKey alone."""
        key, secret = question.headers.get("apikey"), question.headers.get("secretkey")
        secret_needed = question.operation == "balance" or question.version == "v4.1"
        if not key or key != (options.api_key or key):
            return UNAUTHORIZED
        if secret_needed and not secret:
            return self.error(401, options.missing_secret, "AUTHENTICATION_ERROR", _MISSING_SECRET)
        if secret and secret != (options.secret_key or secret):
            return UNAUTHORIZED
        return None

    def _balance(self, customer_id: str, options: SandboxOptions, now: float) -> Reply:
        customer = self.customers.visible(customer_id, now=now)
        if customer is not None:
            return _json(_balance_of(customer, options))
        match options.not_found:
            case "bare":
                return Reply(status=404)
            case "4004":
                return self.error(404, 4004, "GENERAL_ERROR", "customer does not exist")
            case "7000":
                return self.error(404, 7000, "CUSTOMER_ERROR", "Customer Not Found")

    def _create(self, question: Question, options: SandboxOptions, now: float) -> Reply:
        if question.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return self.error(415, 3002, "PAYLOAD_ERROR", "The content type is not supported.")
        try:
            body = json.loads(question.body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return self.error(400, 3016, "PAYLOAD_ERROR", "The payload is invalid.")
        if "customerId" not in body:
            return self.error(400, 3000, "PAYLOAD_ERROR", "customerId is missing.")
        if body["customerId"] is None:
            return self.error(422, 3001, "PAYLOAD_ERROR", "customerId is null.")
        try:
            customer = self._merged(body, options)
        except (ValidationError, TypeError):
            return self.error(422, 3003, "PAYLOAD_ERROR", "A value is invalid.")
        self.customers.put(customer, visible_from=now + options.visible_after)
        return _created(customer, list(self.customers).index(customer.customer_id), options)

    def _merged(self, body: Mapping[str, object], options: SandboxOptions) -> Customer:
        """Return the customer as ``body`` makes them: what is not told stays as it was."""
        attributes = body.get("customerAttributes") or {}
        if not isinstance(attributes, dict):
            raise TypeError("customerAttributes")
        told = {name: attributes.get(name, body.get(name)) for name in ("displayName", "email", "mobile")}
        known = self.customers.get(str(body["customerId"]))
        bonus = {"availablePoints": options.welcome_bonus, "totalEarnedPoints": options.welcome_bonus}
        start = known.model_dump(by_alias=True) if known else {"customerId": body["customerId"], **bonus}
        return Customer.model_validate(start | {name: value for name, value in told.items() if value is not None})


UNAUTHORIZED: Final = Reply(
    status=401,
    body=b'{"code":1000,"type":"AUTHENTICATION_ERROR",'
    b'"message":"Unauthorized access. Please authenticate to proceed."}',
)
_MISSING_SECRET: Final = "your request is missing the secret key."  # noqa: S105  a message


def _balance_of(customer: Customer, options: SandboxOptions) -> dict[str, object]:
    available = "availablePoints" if options.spelling == "documented" else "avaliablePoints"
    total = customer.available_points + customer.pending_points
    expiring = customer.next_expiring_points or None
    on = customer.next_expiring_date if expiring else None
    return {
        "totalPointsBalance": _points(total),
        "totalPointsValue": _value(total, options),
        f"{available}Balance": _points(customer.available_points),
        f"{available}Value": _value(customer.available_points, options),
        "pendingPoints": _points(customer.pending_points),
        "pendingPointsValue": _value(customer.pending_points, options),
        "currency": options.currency,
        "pointsName": options.points_name,
        "nextExpiringPointsAmount": _points(expiring) if expiring else None,
        "nextExpiringPointsValue": _value(expiring, options) if expiring else None,
        "nextExpiringPointsDate": f"{on}T00:00:00" if on else None,
        "totalEarnedPoints": _points(customer.total_earned_points),
    }


def _points(points: float) -> int | float:
    return int(points) if points.is_integer() else points


def _value(points: float, options: SandboxOptions) -> float:
    return float(Decimal(str(points)) * Decimal(str(options.point_value)))


def _created(customer: Customer, number: int, options: SandboxOptions) -> Reply:
    match options.create_answer:
        case "empty":
            return Reply(status=200)
        case "gameballId":
            return _json({"gameballId": 100_000 + number})
        case "profile":
            return _json(
                {
                    "customerId": customer.customer_id,
                    "name": customer.display_name,
                    "email": customer.email,
                    "mobile": customer.mobile,
                    "createdAt": f"{customer.created_at:%Y-%m-%dT%H:%M:%SZ}",
                }
            )


def _json(body: Mapping[str, object], *, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
