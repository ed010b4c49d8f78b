"""What is typed into the till for a member, and when."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from scanner_daemon.config import parse_config
from scanner_daemon.errors import ConfigError
from scanner_daemon.model import (
    Accepted,
    Balance,
    LookupFailed,
    LookupFailedReason,
    Member,
    MemberIdentified,
    RejectReason,
    Scan,
    ScanDataType,
)
from scanner_daemon.pos.member_template import FIELDS, MemberTemplate, MemberToTill

WHEN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BALANCE = Balance(
    available_points=Decimal(1200),
    available_value=Decimal(60),
    pending_points=None,
    pending_value=None,
    total_points=Decimal("1500.5"),
    total_value=None,
    currency="USD",
    points_name="Points",
    next_expiring=None,
)


def member(customer_id: str = "0412345678903", **fields: Any) -> Member:
    values: dict[str, Any] = {"created": False, "balance": BALANCE, "as_of": WHEN}
    return Member(customer_id=customer_id, **values | fields)


def identified(sequence: int, who: Member) -> MemberIdentified:
    return MemberIdentified(id="1", lane="l", scanner="s", at=WHEN, sequence=sequence, member=who)


def accepted(one_time_hash: str | None = None) -> Accepted:
    scan = Scan(
        scanner="s",
        scan_data=b"-",
        scan_data_label="-",
        scan_data_type=ScanDataType.QRCODE,
        symbology_identifier=None,
        at=0.0,
    )
    return Accepted(scan=scan, card="c", customer_id="-", one_time_hash=one_time_hash)


class Till:
    """Keeps what it is to type."""

    def __init__(self, reason: RejectReason | None = None) -> None:
        self.typed: list[str] = []
        self._reason = reason

    def type(self, text: str) -> RejectReason | None:
        self.typed.append(text)
        return self._reason


# What


@pytest.mark.parametrize(
    ("template", "typed"),
    [
        ("%L{customer_id}", "%L0412345678903"),
        ("%L{customer_id}\n", "%L0412345678903"),
        ("{customer_id};{hash}", "0412345678903;123456"),
        ("{available_points} {available_value} {currency}", "1200 60.00 USD"),
        ("{total_points}|{pending_points}|{total_value}", "1500.5||"),
        ("{{{customer_id}}}", "{0412345678903}"),
        ("{display_name}{customer_id}", "0412345678903"),
    ],
)
def test_the_fields_of_a_member(template: str, typed: str) -> None:
    assert MemberTemplate(template=template).text(member(), "123456") == typed


def test_what_is_not_known_is_nothing() -> None:
    text = MemberTemplate(template="".join(f"[{{{name}}}]" for name in FIELDS)).text(member("7", balance=None), None)
    assert text == "[7]" + "[]" * (len(FIELDS) - 1)


@pytest.mark.parametrize(
    "value", ["%L1", "1;2", "a\nb", "a\tb", "\x1b[2J", "Zoë", "1{hash}", "\x0f", "\u202e1", "1\r", '"', "\x1d"]
)
def test_no_value_can_be_taken_for_the_form_or_a_command(value: str) -> None:
    template = MemberTemplate(template="%L{customer_id};{display_name}")
    assert template.text(member(value), None) is RejectReason.UNSAFE_CHARACTERS
    assert template.text(member(display_name=value), None) is RejectReason.UNSAFE_CHARACTERS


def test_a_value_may_be_allowed_more() -> None:
    assert MemberTemplate(template="{customer_id}", allow="a-z/").text(member("a/b"), None) == "a/b"


@given(st.text(), st.text())
def test_only_printable_ascii_is_ever_typed(customer_id: str, name: str) -> None:
    text = MemberTemplate(template="%L{customer_id} {display_name}").text(member(customer_id, display_name=name), name)
    assert isinstance(text, RejectReason) or (text.isascii() and text.isprintable() and len(text) <= 256)


def test_too_long_is_too_long() -> None:
    template = MemberTemplate(template="%L{customer_id}", max_length=10)
    assert template.text(member("12345678"), None) == "%L12345678"
    assert template.text(member("123456789"), None) is RejectReason.TOO_LONG


@pytest.mark.parametrize(
    "template",
    ["", "%L", "{", "}", "{}", "{0}", "{member}", "{customer_id.x}", "{customer_id[0]}", "{customer_id!r}",
     "{customer_id:>9}", "\x1b{customer_id}", "{customer_id}\n\n", "{customer_id}\n{hash}", "ü{customer_id}",
     "{customer_id}\t", "\r{customer_id}"],
)  # fmt: skip
def test_anything_else_is_a_mistake(template: str) -> None:
    with pytest.raises(ValueError, match=r"^template: expected printable ASCII with at least one of {customer_id} "):
        MemberTemplate(template=template)


def test_the_configuration_takes_a_line_or_a_table() -> None:
    assert configured("%L{customer_id}\n") == MemberTemplate(template="%L{customer_id}\n")
    table = {"template": "{customer_id}", "allow": "0-9"}
    assert configured(table) == MemberTemplate(template="{customer_id}", allow="0-9")
    assert configured(None) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{custmer_id}", "till.member.template: expected printable ASCII"),
        (7, "till.member.template: expected"),
        ({"template": "{hash}", "alow": "0"}, "did you mean 'allow'"),
        ({"template": "{hash}", "allow": "é"}, "till.member.allow: expected characters of printable ASCII"),
    ],
)
def test_mistakes_are_told_with_their_key(given: object, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        configured(given)
    assert told in str(error.value)


def configured(given: object) -> MemberTemplate | None:
    till = {"driver": "virtual-keyboard"} | ({} if given is None else {"member": given})
    environ = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
    return parse_config({"lane": {"name": "l"}, "till": till}, file="c.toml", environ=environ).member


# When


async def test_a_member_is_typed_once_identified() -> None:
    till = Till()
    to_till = MemberToTill(MemberTemplate(template="%L{customer_id}"), to_till=till.type)
    to_till.recognise(1, accepted())
    await to_till.tell(identified(1, member()))
    assert till.typed == ["%L0412345678903"]


async def test_a_member_whose_look_up_took_too_long_is_not() -> None:
    till = Till()
    to_till = MemberToTill(MemberTemplate(template="{customer_id}"), to_till=till.type)
    to_till.recognise(1, accepted())
    to_till.recognise(2, accepted())
    await to_till.tell(identified(1, member("1")))
    await to_till.tell(identified(2, member("2")))
    assert till.typed == ["2"]


async def test_a_hash_is_typed_once_and_with_its_own_member_only() -> None:
    till = Till()
    to_till = MemberToTill(MemberTemplate(template="{customer_id}:{hash}", allow="0-9"), to_till=till.type)
    to_till.recognise(1, accepted("111111"))
    to_till.recognise(2, accepted())  # a plastic card
    await to_till.tell(identified(1, member("1")))
    await to_till.tell(identified(2, member("2")))
    to_till.recognise(3, accepted("333333"))
    await to_till.tell(identified(3, member("3")))
    await to_till.tell(identified(3, member("3")))
    assert till.typed == ["2:", "3:333333", "3:"]
    assert to_till._hash is None, "it is forgotten at once"


async def test_a_look_up_that_failed_forgets_the_hash() -> None:
    to_till = MemberToTill(MemberTemplate(template="{hash}"), to_till=Till().type)
    to_till.recognise(1, accepted("111111"))
    failed = LookupFailed(
        id="1", lane="l", scanner="s", at=WHEN, sequence=1, reason=LookupFailedReason.UNAVAILABLE, detail="-",
        customer_id="0412345678903",
    )  # fmt: skip
    await to_till.tell(failed)
    assert to_till._hash is None


@pytest.mark.parametrize(("customer_id", "reason"), [("1%2", None), ("12", RejectReason.TILL_BUSY)])
async def test_what_is_not_typed_is_logged_masked(customer_id: str, reason: RejectReason | None) -> None:
    till = Till(reason)
    to_till = MemberToTill(MemberTemplate(template="{customer_id}{hash}"), to_till=till.type)
    to_till.recognise(1, accepted("987654"))
    with capture_logs() as logs:
        await to_till.tell(identified(1, member(f"{customer_id}0412345678903")))
    assert [log["event"] for log in logs] == ["member_not_typed"]
    assert "987654" not in repr(logs)
    assert "12345678903" not in repr(logs)
