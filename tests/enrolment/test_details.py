"""What is taken as a new member's details, and what is not."""

import re
import unicodedata
from typing import Final

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.enrolment.details import Details, is_region, read_details

ULID: Final = "01M82SS8VBDCFQT7SB7X83B7S1"


def taken(default_region: str | None = None, **told: object) -> Details:
    details = read_details(told, default_region=default_region)
    assert isinstance(details, Details), details
    return details


def refused(told: object, default_region: str | None = None) -> list[str]:
    """Return the fields with mistakes."""
    mistakes = read_details(told, default_region=default_region)
    assert isinstance(mistakes, list)
    return [mistake.key for mistake in mistakes]


def test_the_example_of_gameballs_page_is_taken_as_it_is() -> None:
    told = {"customer_id": "12345", "display_name": "John Doe", "email": "john@doe.com", "mobile": "+20123456789"}
    details = taken(**told)
    assert details == Details(**told)
    assert not any(value in repr(details) for value in told.values()), "nothing of it in a log"
    assert not any(value in repr(details.of("12345")) for value in told.values())


@pytest.mark.parametrize("told", [{"email": "john@doe.com"}, {"mobile": "+20123456789"}])
def test_one_way_to_reach_the_customer_is_enough(told: dict[str, str]) -> None:
    taken(**told)
    taken(**told, display_name="  ", customer_id=None, enrolment="")


@pytest.mark.parametrize("told", [{}, {"display_name": "John"}, {"email": " ", "mobile": None}, [], None, "a", 1])
def test_none_is_not_enough(told: object) -> None:
    assert refused(told) == [""]


def test_every_mistake_is_told_at_once() -> None:
    told = {"customer_id": "a/b", "display_name": "<b>", "email": "x", "mobile": "y", "enrolment": "z", "tier": "gold"}
    assert sorted(refused(told)) == sorted(told)


@pytest.mark.parametrize("key", ["\ud800", "<script>", "x" * 41, "a\nb", ""])
def test_an_unknown_field_is_named_only_where_its_name_is_harmless(key: str) -> None:
    assert refused({"email": "john@doe.com", key: "x"}) == [""]
    assert refused({"email": "john@doe.com", "tier": "x"}) == ["tier"]


@pytest.mark.parametrize("value", [True, 1, 1.5, [], {}, ["john@doe.com"]])
@pytest.mark.parametrize("name", ["customer_id", "display_name", "email", "mobile", "enrolment"])
def test_what_is_no_text_is_a_mistake(name: str, value: object) -> None:
    assert refused({"email": "john@doe.com", name: value}) == [name]


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+20123456789", None, "+20123456789"),
        ("+1 (650) 253-0000", None, "+16502530000"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("0151 23456789", "EG", None),
        ("0151 23456789", None, None),
        ("+49 151 23456789", "EG", "+4915123456789"),
        ("٠١٠٠١٢٣٤٥٦٧", "EG", "+201001234567"),
        ("1-800-FLOWERS", "US", None),
        ("+1 650 253 0000 ext. 5", None, None),
        ("tel:+16502530000;phone-context=x", None, None),
        ("123", "DE", None),
        ("+4915123456789123456", None, None),
        ("+", None, None),
    ],
)
def test_mobile_numbers_become_e164(written: str, region: str | None, e164: str | None) -> None:
    if e164 is None:
        assert refused({"mobile": written}, default_region=region) == ["mobile"]
    else:
        assert taken(mobile=written, default_region=region).mobile == e164


@given(st.text(max_size=40), st.sampled_from([None, "EG", "DE", "US"]))
def test_no_text_makes_a_mobile_number_that_is_none(text: str, region: str | None) -> None:
    details = read_details({"mobile": text, "email": "john@doe.com"}, default_region=region)
    if isinstance(details, Details) and details.mobile is not None:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", details.mobile, re.ASCII)
        assert taken(mobile=details.mobile).mobile == details.mobile, "the E.164 form is its own E.164 form"


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_every_regions_own_example_is_taken(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for form in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert taken(mobile=phonenumbers.format_number(number, form), default_region=region).mobile == e164


@pytest.mark.parametrize(
    "address",
    ["john@doe.com", "j@x.co", "o'neil+shop@mail.example.co.uk", f"{'a' * 64}@{'b' * 63}.com", "J.D@xn--bcher-kva.ch"],
)
def test_mail_addresses(address: str) -> None:
    assert taken(email=f" {address} ").email == address


def test_the_case_of_a_domain_means_nothing_that_of_a_mailbox_may() -> None:
    assert taken(email="John@Doe.COM").email == "John@doe.com"


@pytest.mark.parametrize(
    "address",
    [
        "john", "john@", "@doe.com", "john@doe", "john@@doe.com", "a@b@doe.com", "john doe@doe.com", "john@doe..com",
        ".john@doe.com", "john.@doe.com", "jo..hn@doe.com", "john@-doe.com", "john@doe-.com", "john@127.0.0.1",
        "john@[127.0.0.1]", '"john"@doe.com', "john@doe.com\r\nBcc: x@y.z", "john@doe.com\x00", "<john@doe.com>",
        "=cmd|'x'!A0@doe.com", "-o@doe.com", "jöhn@doe.com", "john@dоe.com",  # the last with a Cyrillic о
        f"{'a' * 65}@doe.com", f"john@{'b' * 64}.com", f"john@{'b.' * 125}com",
    ],
)  # fmt: skip
def test_what_is_no_mail_address(address: str) -> None:
    assert refused({"email": address}) == ["email"]


@given(st.text(max_size=300))
def test_no_text_makes_a_mail_address_that_is_none(text: str) -> None:
    details = read_details({"email": text, "mobile": "+20123456789"})
    if isinstance(details, Details) and details.email is not None:
        assert re.fullmatch(r"[!-~]{1,64}@[a-z0-9.-]{3,253}", details.email)


@pytest.mark.parametrize(
    "name",
    ["John Doe", "Zoë Müller-Lüdenscheidt", "Seán O’Neil", "محمد", "山田 太郎", "می‌خواهم", "Smith, J. & Co. (2)"],
)
def test_names(name: str) -> None:
    assert taken(email="john@doe.com", display_name=f" {name} ").display_name == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>", "John\x1b[2J", "John\nDoe", "\u202eeoD nhoJ", "John\u2066", "x" * 101,
        "=1+1", "a;b", 'a"b', "a`b", "{{7*7}}", "${x}", "a\\b", "a/b", "\ud800", "John\x00", "🙂", "..", "a\u2028b",
        "a\tb", "4111111111111111",
    ],
)  # fmt: skip
def test_hostile_names(name: str) -> None:
    assert refused({"email": "john@doe.com", "display_name": name}) == ["display_name"]


@given(st.text(max_size=120))
def test_no_name_can_command_a_page_a_terminal_or_a_table(text: str) -> None:
    details = read_details({"email": "john@doe.com", "display_name": text})
    if isinstance(details, Details) and details.display_name is not None:
        assert not set(details.display_name) & set('<>"`;{}[]$\\/=@+%|*^~#!?:_\r\n\t')
        assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"} for c in details.display_name)
        assert not any(unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "LRI", "RLI"} for c in text.strip())


@pytest.mark.parametrize("customer_id", ["a/b", "..", "a%2Fb", "a\\b", "x" * 101, "a\nb", "4111111111111111"])
def test_numbers_that_no_card_has(customer_id: str) -> None:
    assert refused({"email": "john@doe.com", "customer_id": customer_id}) == ["customer_id"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(
            st.sampled_from(["customer_id", "display_name", "email", "mobile", "enrolment"]) | st.text(), inner
        ),
    )
)  # fmt: skip
def test_anything_at_all_is_details_or_mistakes_that_do_not_repeat_it(told: object) -> None:
    details = read_details(told)
    assert isinstance(details, Details) or details
    if not isinstance(details, Details) and isinstance(told, dict):
        said = " ".join(f"{mistake.expected} {mistake.got}" for mistake in details)
        assert not any(isinstance(value, str) and len(value) > 12 and value in said for value in told.values())


def test_regions() -> None:
    assert [region for region in ("EG", "DE", "eg", "XX", "", "EGY") if is_region(region)] == ["EG", "DE"]


def test_the_id_of_an_open_enrolment() -> None:
    assert taken(email="john@doe.com", enrolment=ULID).enrolment == ULID
    assert refused({"email": "john@doe.com", "enrolment": ULID.lower()}) == ["enrolment"]
