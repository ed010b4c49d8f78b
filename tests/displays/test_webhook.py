"""Webhooks over real HTTP, verified with the library that receivers use."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from scanner_daemon.config import parse_config
from scanner_daemon.displays.dead_letters import DeadLetters
from scanner_daemon.displays.webhook import EVENT_TYPES, STOP_WITHIN, Webhook
from scanner_daemon.errors import ConfigError, DisplayError
from scanner_daemon.model import as_json_object
from tests.displays.at_work import at_work, said
from tests.displays.authority import Authority
from tests.displays.receiver import Posted, Receiver, receiving

if TYPE_CHECKING:
    from tests.displays.conftest import Events

OLD: Final = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZA=="
NEW: Final = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldw=="
OTHER: Final = "whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI="


def webhook(url: str, *, first_retry: float = 0.05, secret: str = NEW, **settings: Any) -> Webhook:
    made = Webhook(url=url, secret=SecretStr(secret), **settings)
    made._first_retry = first_retry  # not a setting; nobody wants to wait a second here
    return made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(Receiver()) as receiver:
        yield receiver


# What is sent


async def test_an_event_arrives_signed_and_as_on_every_channel(receiver: Receiver, events: "Events") -> None:
    event = events.member(1)
    async with at_work(webhook(receiver.url)) as hook:
        await hook.tell(event)
        posted = await receiver.next()

    assert Verifier(NEW).verify(posted.body, posted.headers) == as_json_object(event)
    assert posted.headers["webhook-id"] == event.id
    assert posted.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER).verify(posted.body, posted.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW).verify(posted.body.replace(b"Ada", b"Bob"), posted.headers)


async def test_a_name_that_is_no_unicode_holds_nothing_up(receiver: Receiver, events: "Events") -> None:
    """Half a surrogate pair stands for a byte of a file's name that is no UTF-8 (PEP 383)."""
    event = replace(events.online(), device="/dev/\udcff")
    async with at_work(webhook(receiver.url)) as hook:
        await hook.tell(event)
        posted = await receiver.next()
    assert Verifier(NEW).verify(posted.body, posted.headers) == as_json_object(event)


@pytest.mark.parametrize("known", [OLD, NEW])
async def test_while_secrets_change_either_verifies(receiver: Receiver, events: "Events", known: str) -> None:
    async with at_work(webhook(receiver.url, secret=f"{NEW} {OLD}")) as hook:
        await hook.tell(events.online())
        posted = await receiver.next()

    Verifier(known).verify(posted.body, posted.headers)
    newest, _ = posted.headers["webhook-signature"].split(" ")
    Verifier(NEW).verify(posted.body, posted.headers | {"webhook-signature": newest})


async def test_only_what_was_asked_for(receiver: Receiver, events: "Events") -> None:
    async with at_work(webhook(receiver.url, events=("member_identified", "scanner_online"))) as hook:
        for event in (events.accepted(1), events.passed_through(2), events.member(3), events.online()):
            await hook.tell(event)
        kinds = {json.loads((await receiver.next()).body)["type"] for _ in range(2)}

    assert kinds == {"member_identified", "scanner_online"}
    assert sum(receiver.attempts.values()) == 2


async def test_one_connection_for_one_event_after_another(receiver: Receiver, events: "Events") -> None:
    async with at_work(webhook(receiver.url)) as hook:
        for _ in range(10):
            await hook.tell(events.online())
            await receiver.next()

    assert receiver.connections <= 2, "an event may come before the answer to the one before"


# What happens when it is not taken


async def test_an_event_that_is_not_taken_holds_up_no_newer_one(receiver: Receiver, events: "Events") -> None:
    older, newer = events.member(1), events.member(2)
    receiver.answer = lambda posted: 503 if posted.id == older.id and receiver.attempts[older.id] < 3 else 200
    async with at_work(webhook(receiver.url)) as hook:
        await hook.tell(older)
        await hook.tell(newer)
        assert [(await receiver.next()).id for _ in range(2)] == [newer.id, older.id]

    assert receiver.attempts == {older.id: 3, newer.id: 1}


async def test_a_receiver_that_hangs_over_one_holds_up_no_newer_one(receiver: Receiver, events: "Events") -> None:
    older, newer = events.member(1), events.member(2)
    receiver.answer = lambda posted: None if posted.id == older.id and receiver.attempts[older.id] < 2 else 200
    async with at_work(webhook(receiver.url, timeout=0.5)) as hook:
        await hook.tell(older)
        await hook.tell(newer)
        assert [(await receiver.next()).id for _ in range(2)] == [newer.id, older.id]


async def test_many_events_that_hang_hold_up_no_newer_one(receiver: Receiver, events: "Events") -> None:
    older, newer = [events.member(n) for n in range(1, 31)], events.member(31)
    first = {event.id for event in older}

    def answer(posted: Posted) -> int | None:
        if posted.id not in first:
            return 200
        return 500 if receiver.attempts[posted.id] == 1 else None

    receiver.answer = answer
    with capture_logs():
        async with at_work(webhook(receiver.url, first_retry=0.01)) as hook:
            for event in older:
                await hook.tell(event)
            async with asyncio.timeout(10):
                while max(receiver.attempts.values(), default=0) < 2:  # noqa: ASYNC110  counted, not told
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)  # for all that would take a place
            await hook.tell(newer)
            async with asyncio.timeout(3):
                assert (await receiver.next()).id == newer.id


async def test_each_attempt_is_signed_with_its_own_time(receiver: Receiver, events: "Events") -> None:
    """A receiver refuses what was signed five minutes ago; an outage may last longer."""
    times: list[str] = []

    def answer(posted: Posted) -> int:
        times.append(posted.headers["webhook-timestamp"])
        Verifier(NEW).verify(posted.body, posted.headers)
        return 200 if len(times) == 2 else 500

    receiver.answer = answer
    async with at_work(webhook(receiver.url, first_retry=1.5)) as hook:
        await hook.tell(events.online())
        await receiver.next()

    assert int(times[1]) > int(times[0])


async def test_far_side_down_and_back(events: "Events") -> None:
    receiver, told = Receiver(), [events.member(n) for n in range(1, 6)]
    async with receiving(receiver):
        pass  # now its port is known, and nobody listens there
    with capture_logs() as logs:
        async with at_work(webhook(receiver.url, first_retry=0.2)) as hook:
            for event in told:
                await hook.tell(event)
            await said(logs, "receiver_does_not_answer")
            async with receiving(receiver):
                arrived = {(await receiver.next()).id for _ in told}

    assert arrived == {event.id for event in told}
    names = [log["event"] for log in logs]
    assert names.count("receiver_does_not_answer") == names.count("receiver_answers_again") == 1, "told on change only"


@pytest.mark.parametrize("status", [302, 307, 400, 404, 500])
async def test_it_is_given_up_after_some_attempts_and_the_log_says_so(
    receiver: Receiver, events: "Events", status: int
) -> None:
    receiver.answer = lambda _: status
    event = events.member(1)
    with capture_logs() as logs:
        async with at_work(webhook(f"{receiver.url}?key=hush", attempts=3, first_retry=0.01)) as hook:
            await hook.tell(event)
            await said(logs, "event_given_up")

    assert receiver.attempts == {event.id: 3}
    (given_up,) = (log for log in logs if log["event"] == "event_given_up")
    assert given_up["id"] == event.id
    assert given_up["detail"] == f"3 attempts; expected a status of 2xx, got {status}"
    text = repr(logs)
    assert "hush" not in text
    assert "whsec" not in text
    assert "0412345678901" not in text


async def test_what_is_given_up_can_be_looked_at(receiver: Receiver, events: "Events", tmp_path: Path) -> None:
    receiver.answer = lambda _: 500
    event, late = events.member(1), events.member(2)
    letters = DeadLetters(state_dir=tmp_path)
    with capture_logs() as logs:
        async with at_work(webhook(receiver.url, attempts=2, first_retry=0.01, state_dir=tmp_path)) as hook:
            await hook.tell(event)
            async with asyncio.timeout(10):
                while not letters.letters():  # noqa: ASYNC110  a disk has no event to wait for
                    await asyncio.sleep(0.02)
            hook._delivery._first_retry = 60  # type: ignore[union-attr]  # so that it waits for its second attempt
            await hook.tell(late)
            async with asyncio.timeout(10):
                while not receiver.attempts[late.id]:  # noqa: ASYNC110  same
                    await asyncio.sleep(0.01)

    assert [(kept.receiver, kept.event) for kept in letters.letters()] == [
        ("127.0.0.1", as_json_object(event)),
        ("127.0.0.1", as_json_object(late)),
    ]
    assert "expected a status of 2xx, got 500" in letters.letters()[0].why
    assert "the lane has stopped" in letters.letters()[1].why
    assert "dead_letters_not_kept" not in {log["event"] for log in logs}


async def test_a_disk_that_fails_holds_up_no_event(receiver: Receiver, events: "Events", tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")
    dead, event = events.member(1), events.member(2)
    receiver.answer = lambda posted: 500 if posted.id == dead.id else 204
    with capture_logs() as logs:
        async with at_work(webhook(receiver.url, attempts=1, state_dir=tmp_path / "state")) as hook:
            await hook.tell(dead)
            await said(logs, "dead_letters_not_kept")
            await hook.tell(event)
            assert (await receiver.next()).id == event.id


# How it stops


async def test_what_was_told_before_the_end_is_sent(receiver: Receiver, events: "Events") -> None:
    async with at_work(webhook(receiver.url)) as hook:
        await hook.tell(events.online())
        await receiver.next()
        for n in range(1, 30):
            await hook.tell(events.member(n))

    assert receiver.taken.qsize() == 29


async def test_what_cannot_be_sent_by_the_end_is_named(receiver: Receiver, events: "Events") -> None:
    receiver.answer = lambda _: 500
    told = [events.member(n) for n in range(1, 4)]
    with capture_logs() as logs:
        async with at_work(webhook(receiver.url, first_retry=60)) as hook:
            for event in told:
                await hook.tell(event)
            await said(logs, "receiver_does_not_answer")
            before = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - before < STOP_WITHIN, "only first attempts are waited for"

    assert {log["id"] for log in logs if log["event"] == "event_given_up"} == {event.id for event in told}


# Who is spoken to


async def test_certificates_are_verified(tmp_path: Path, events: "Events") -> None:
    authority, tls = Authority(tmp_path), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue("receiver"))
    event = events.online()
    async with receiving(Receiver(), tls=tls) as receiver:
        url = receiver.url.replace("http:", "https:")
        with capture_logs() as logs:
            async with at_work(webhook(url, attempts=1)) as hook:
                await hook.tell(event)
                await said(logs, "event_given_up")
        assert not receiver.attempts
        assert "CERTIFICATE_VERIFY_FAILED" in repr(logs)

        async with at_work(webhook(url, ca_file=authority.file)) as hook:
            await hook.tell(event)
            assert (await receiver.next()).id == event.id


async def test_certificates_that_cannot_be_read_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DisplayError, match=r"expected certificates \(PEM\) in .*absent.pem, got 'No such file"):
        await webhook("https://shop.example/", ca_file=tmp_path / "absent.pem").serve()


# Its settings


@pytest.mark.parametrize(
    "url", ["https://shop.example/lane?key=1", "http://localhost:8080/", "http://127.0.0.1:1/x", "http://[::1]:80/"]
)
def test_https_or_this_machine(url: str) -> None:
    assert webhook(url).url == url


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "http://shop.example/", "http://192.168.1.7/", "ftp://shop.example/", "https://",
     "https://user:word@shop.example/", "https://shop.example/#x", "https://shop.example:0/", "https://[::1/",
     "https://shop.example/\r\nX: y", "https://shöp.example/"],
)  # fmt: skip
def test_anywhere_else_is_a_mistake(url: str) -> None:
    with pytest.raises(ValueError, match=r"^url: expected an https address.*, got ") as told:
        webhook(url)
    assert "word" not in str(told.value)


@pytest.mark.parametrize("secret", ["", "hush", "whsec_", "whsec_aHVzaA==", NEW.removeprefix("whsec_"), f"{NEW} hush"])
def test_a_secret_is_written_as_the_scheme_says(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^secret: expected 'whsec_' and at least 24 bytes") as told:
        webhook("https://shop.example/", secret=secret)
    assert "hush" not in str(told.value)


def test_an_unknown_event_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"^events: expected some of .*member_identified.*, got 'member'"):
        webhook("https://shop.example/", events=("member",))


def test_all_events_have_a_name() -> None:
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES) >= 13


def configured(display: dict[str, Any], tmp_path: Path, **environ: str) -> Any:
    document = {"lane": {"name": "l"}, "display": [{"driver": "webhook", "url": "https://shop.example/"} | display]}
    keys = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
    config = parse_config(document, file="c.toml", base=tmp_path, environ=keys | environ)
    return config.displays[0].build()


def test_its_secret_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{NEW} {OLD}\n")
    assert len(configured({"secret_file": "secret"}, tmp_path)._signers) == 2
    assert len(configured({}, tmp_path, WEBHOOK_SECRET=NEW)._signers) == 1
    with pytest.raises(ConfigError, match=r"display\[1\].secret_file: .*WEBHOOK_SECRET"):
        configured({}, tmp_path)
    with pytest.raises(ConfigError, match=r"display\[1\].secret: expected 'whsec_'"):
        configured({}, tmp_path, WEBHOOK_SECRET="hush")
