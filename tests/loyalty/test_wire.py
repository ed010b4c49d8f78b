import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner_daemon.errors import LoyaltyProtocolError
from scanner_daemon.loyalty import wire
from scanner_daemon.loyalty.wire import ErrorKind
from scanner_daemon.model import Balance, ExpiringPoints, MemberIdentified, as_json_object, is_customer_id
from scanner_daemon.model import Member as AMember

ANSWERS = Path(__file__).parents[2] / "fixtures" / "gameball"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

KNOWN = Balance(
    available_points=Decimal(1200),
    available_value=Decimal("60.0"),
    pending_points=Decimal(300),
    pending_value=Decimal("15.0"),
    total_points=Decimal(1500),
    total_value=Decimal("75.0"),
    currency="USD",
    points_name="Reward Points",
    next_expiring=ExpiringPoints(points=Decimal(200), value=Decimal("10.0"), on=date(2024, 12, 1)),
)
UNKNOWN = Balance(
    available_points=None,
    available_value=None,
    pending_points=None,
    pending_value=None,
    total_points=None,
    total_value=None,
    currency=None,
    points_name=None,
    next_expiring=None,
)


def answer(name: str) -> bytes:
    return (ANSWERS / f"{name}.json").read_bytes()


def balance(**fields: object) -> Balance:
    return wire.balance_from(json.dumps(fields).encode())


class TestBalance:
    @pytest.mark.parametrize("name", ["balance", "balance-misspelled"])
    def test_both_spellings_of_available_are_the_same_balance(self, name: str) -> None:
        assert wire.balance_from(answer(name)) == KNOWN

    def test_the_documented_spelling_is_believed_first(self) -> None:
        assert balance(avaliablePointsBalance=1, availablePointsBalance=2).available_points == 2
        assert balance(avaliablePointsBalance=1, availablePointsBalance=None).available_points == 1

    def test_a_field_that_is_not_there_is_unknown(self) -> None:
        guide = wire.balance_from(answer("balance-pos-guide"))
        assert guide.total_points == 1500
        assert guide.total_value is None
        assert guide.currency == "SAR"
        assert wire.balance_from(b"{}") == UNKNOWN

    def test_nothing_expires(self) -> None:
        nothing = wire.balance_from(answer("balance-nothing-expires"))
        assert nothing.next_expiring is None
        assert nothing.available_points == Decimal("91.25")
        assert nothing.pending_points == 0
        assert balance(nextExpiringPointsAmount=0, nextExpiringPointsDate="2024-12-01").next_expiring is None

    def test_a_disabled_account_knows_no_balance_not_a_zero_one(self) -> None:
        assert wire.balance_from(answer("balance-disabled")) == UNKNOWN

    def test_numbers_are_kept_digit_for_digit(self) -> None:
        exact = wire.balance_from(b'{"availablePointsValue": 0.1000000000000000055, "totalPointsValue": "10.00"}')
        assert str(exact.available_value) == "0.1000000000000000055"
        assert str(exact.total_value) == "10.00"

    @pytest.mark.parametrize(
        ("moment", "on"),
        [
            ("2024-12-01T23:59:59", date(2024, 12, 1)),
            ("2024-12-01T00:00:00.0000000Z", date(2024, 12, 1)),
            ("2024-12-01", date(2024, 12, 1)),
            ("2024-02-30T00:00:00", None),  # no such day
            ("2024-W48-7", None),
            ("soon", None),
            ("", None),
        ],
    )
    def test_only_the_date_of_the_next_expiry_is_taken(self, moment: str, on: date | None) -> None:
        expiring = balance(nextExpiringPointsAmount=200, nextExpiringPointsDate=moment).next_expiring
        assert expiring == ExpiringPoints(points=Decimal(200), value=None, on=on)

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (b"", "expected JSON, got an empty body"),
            (b"<html>", "expected JSON, got 6 bytes of something else"),
            (b"\xff\xfe\x00", "expected JSON, got 3 bytes of something else"),
            (b"[" * 100_000, "expected JSON, got 100000 bytes of something else"),
            (b"[1]", "expected a JSON object, got an array"),
            (b"null", "expected a JSON object, got null"),
            (b'{"pendingPoints": NaN}', "expected JSON, got 22 bytes of something else"),
            (b'{"pendingPoints": true}', "pendingPoints: expected a number, got true or false"),
            (b'{"pendingPoints": "many"}', "pendingPoints: expected a number, got a string"),
            (b'{"pendingPoints": "1_000"}', "pendingPoints: expected a number, got a string"),
            ('{"pendingPoints": "١٢"}'.encode(), "pendingPoints: expected a number, got a string"),
            (b'{"pendingPoints": 1e99999999}', "pendingPoints: expected a number, got a number beyond reason"),
            (b'{"pendingPoints": 1e-9999}', "pendingPoints: expected a number, got a number beyond reason"),
            (
                b'{"pendingPoints": ' + b"9" * 5000 + b"}",
                "pendingPoints: expected a number, got a number beyond reason",
            ),
            (b'{"currency": {"code": "USD"}}', "currency: expected a string, got an object"),
        ],
    )
    def test_nonsense_is_refused_with_what_was_expected(self, body: bytes, sentence: str) -> None:
        with pytest.raises(LoyaltyProtocolError) as caught:
            wire.balance_from(body)
        assert str(caught.value) == sentence

    def test_half_a_surrogate_pair_does_not_reach_a_display(self) -> None:
        assert balance(pointsName="\ud83d stars").points_name == "? stars"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("availablePointsBalance", "avaliablePointsBalance", "availablePointsValue", "pendingPoints", "currency"),
    *("nextExpiringPointsAmount", "nextExpiringPointsDate", "gameballStatus", "code", "message", "requestId"),
]
ANY_BODY = (
    st.binary()
    | ANY_JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(FIELDS), ANY_JSON).map(lambda value: json.dumps(value).encode())
)


@given(ANY_BODY)
def test_any_body_is_a_balance_that_can_be_shown_or_a_protocol_error(body: bytes) -> None:
    with suppress(LoyaltyProtocolError):
        member = AMember(customer_id="1", created=False, balance=wire.balance_from(body), as_of=NOW)
        event = MemberIdentified(id="1", lane="1", scanner="1", at=NOW, sequence=1, member=member)
        json.dumps(as_json_object(event), ensure_ascii=False).encode()


@given(st.integers(100, 999), ANY_BODY)
def test_any_error_answer_means_something(status: int, body: bytes) -> None:
    error = wire.error_from(status, body)
    assert error.kind in ErrorKind
    assert str(error).isprintable()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_every_decimal_comes_back_the_same(number: Decimal) -> None:
    body = f'{{"totalPointsValue": {number}, "pendingPointsValue": "{number}"}}'.encode()
    read = wire.balance_from(body)
    assert (read.total_value, read.pending_value) == (number, number)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, answer("error-404-customer-not-found"), ErrorKind.NOT_FOUND),
        (404, answer("error-404-customer-does-not-exist"), ErrorKind.NOT_FOUND),
        (422, b'{"code": 7000}', ErrorKind.NOT_FOUND),  # the code decides
        (404, b"", ErrorKind.NO_SUCH_PATH),
        (404, b"<html>", ErrorKind.NO_SUCH_PATH),
        (404, b'{"code": 3017}', ErrorKind.NO_SUCH_PATH),
        (401, answer("error-401-unauthorized"), ErrorKind.MISCONFIGURED),
        (401, answer("error-401-secret-key-missing"), ErrorKind.MISCONFIGURED),
        (401, b'{"code": 1001}', ErrorKind.MISCONFIGURED),
        (403, b'{"code": 1002}', ErrorKind.MISCONFIGURED),
        (422, b'{"code": 6000}', ErrorKind.MISCONFIGURED),
        (403, b'{"code": 8000}', ErrorKind.MISCONFIGURED),
        (403, b'{"code": 6003}', ErrorKind.MISCONFIGURED),
        (401, b"", ErrorKind.MISCONFIGURED),
        (422, b'{"code": 2001}', ErrorKind.CONCURRENT),
        (400, b'{"code": 2001}', ErrorKind.CONCURRENT),
        (400, b'{"code": 4000, "message": "A concurrent request is running"}', ErrorKind.CONCURRENT),
        (429, b"", ErrorKind.UNAVAILABLE),
        (500, b'{"code": 5000}', ErrorKind.UNAVAILABLE),
        (400, b'{"code": 5003}', ErrorKind.UNAVAILABLE),
        (502, b"<html>Bad gateway</html>", ErrorKind.UNAVAILABLE),
        (599, b'{"code": 3000}', ErrorKind.UNAVAILABLE),
        (422, b'{"code": 7001}', ErrorKind.ALREADY_EXISTS),
        (422, b'{"code": "7001"}', ErrorKind.ALREADY_EXISTS),
        (400, b'{"code": 3000}', ErrorKind.REFUSED),
        (422, b'{"code": 3009}', ErrorKind.REFUSED),
        (400, answer("error-400-legacy"), ErrorKind.REFUSED),
        (418, b"null", ErrorKind.REFUSED),
        (302, b"", ErrorKind.PROTOCOL),
    ],
)
def test_what_an_error_means(status: int, body: bytes, kind: ErrorKind) -> None:
    assert wire.error_from(status, body).kind is kind


def test_an_error_tells_what_support_asks_for_and_none_of_the_servers_words() -> None:
    known = wire.error_from(404, answer("error-404-customer-not-found"))
    assert str(known) == "404, code 7000, request 0HN7A1B2C3D4E:00000001"
    hostile = b'{"code": 1000.5, "requestId": "\\u001b[2J", "message": "customer 0412345678903"}'
    assert str(wire.error_from(404, hostile)) == "404"


class TestCustomerPath:
    @pytest.mark.parametrize(
        ("customer_id", "path"),
        [
            ("0412345678903", "/customers/0412345678903"),
            ("a+b@c d", "/customers/a%2Bb%40c%20d"),
            ("é?#&;=", "/customers/%C3%A9%3F%23%26%3B%3D"),
            ("a.b", "/customers/a.b"),
            ("x" * 100, "/customers/" + "x" * 100),
        ],
    )
    def test_the_whole_id_is_one_segment(self, customer_id: str, path: str) -> None:
        assert wire.customer_path(customer_id) == path

    @pytest.mark.parametrize(
        "customer_id", ["", " ", ".", "..", "a/b", "a\\b", "a%2Fb", "a\nb", "\x00", "x" * 101, "\ud800"]
    )
    def test_an_id_that_may_address_another_customer_is_refused_without_being_told(self, customer_id: str) -> None:
        with pytest.raises(ValueError, match="expected a customer id of at most 100") as caught:
            wire.customer_path(customer_id)
        assert len(customer_id) < 3 or customer_id not in str(caught.value)

    @given(st.text(max_size=110))
    @example("\u202e")
    def test_whatever_is_accepted_arrives_whole(self, customer_id: str) -> None:
        if is_customer_id(customer_id):
            segment = wire.customer_path(customer_id).removeprefix("/customers/")
            assert segment.isascii()
            assert "/" not in segment
            assert unquote(segment) == customer_id
        else:
            with pytest.raises(ValueError, match="expected"):
                wire.customer_path(customer_id)


class TestCreate:
    def test_the_bare_card(self) -> None:
        assert json.loads(wire.create_body("12345")) == {
            "customerId": "12345",
            "customerAttributes": {"channel": "pos"},
        }

    def test_contact_details_without_the_blank_ones(self) -> None:
        body = wire.create_body("12345", display_name="Zoë", email=" ", mobile="+20123456789")
        assert json.loads(body) == {
            "customerId": "12345",
            "customerAttributes": {"displayName": "Zoë", "mobile": "+20123456789", "channel": "pos"},
        }

    def test_accounts_that_merge_channels_find_the_contact_at_the_top_too(self) -> None:
        body = json.loads(wire.create_body("12345", email="john@doe.com", merge_by_contact=True))
        assert body["email"] == body["customerAttributes"]["email"] == "john@doe.com"
        assert "mobile" not in body

    @pytest.mark.parametrize("body", [answer("created-gameball-id"), answer("created-profile"), b"", b" \r\n", b"null"])
    def test_any_json_and_nothing_are_answers(self, body: bytes) -> None:
        wire.check_create_answer(body)

    def test_a_page_is_no_answer(self) -> None:
        with pytest.raises(LoyaltyProtocolError, match="expected JSON"):
            wire.check_create_answer(b"<html>")


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            (None, None),
            ("2", 2.0),
            (" 0 ", 0.0),
            (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
            (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("9" * 400, None),
        ],
    )
    def test_seconds_or_a_date(self, header: str | None, seconds: float | None) -> None:
        assert wire.retry_after(header, now=NOW) == seconds

    @given(st.text())
    @example("Sun, 99 Nov 99999 99:99:99 GMT")
    @example("Sun, 22 Nov 2026 10:00:00 +9999")
    def test_any_text_is_some_seconds_or_nothing(self, header: str) -> None:
        seconds = wire.retry_after(header, now=NOW)
        assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("envelope", "told"),
    [
        ('{"code": 1000, "requestId": "0HN7A1B2C3D4E:00000001"}', "400, code 1000, request 0HN7A1B2C3D4E:00000001"),
        ('{"code": 1000, "requestId": "0412345678903"}', "400, code 1000"),
        ('{"code": 1000, "requestId": "req-20123456789"}', "400, code 1000"),
        ('{"code": 1000, "requestId": "of-member-77"}', "400, code 1000"),
        ('{"code": 123456, "requestId": "r1"}', "400, request r1"),
        ('{"code": "0412345", "requestId": "r1"}', "400, request r1"),
    ],
)
def test_what_an_error_tells_of_itself_is_no_customer_s_number(envelope: str, told: str) -> None:
    assert str(wire.error_from(400, envelope.encode(), about="member-77")) == told
