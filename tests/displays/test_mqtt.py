"""Events at a real Mosquitto, and what becomes of them while it is away."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from scanner_daemon.config import parse_config
from scanner_daemon.displays.mqtt import CAPACITY, STOP_WITHIN, Mqtt
from scanner_daemon.errors import ConfigError, DisplayError
from scanner_daemon.fanout import Fanout
from scanner_daemon.model import LaneEvent, as_json_object
from tests.displays.at_work import at_work, said
from tests.displays.authority import Authority
from tests.displays.broker import Broker, Cable, Heard, text_of

if TYPE_CHECKING:
    from tests.displays.conftest import Events

LANE: Final = "scanner-daemon/shop/lane-1"
COUNTER: Final = "homeassistant/binary_sensor/shop__lane-1/counter/config"


def mqtt(url: str, *, first_retry: float = 0.05, **settings: Any) -> Mqtt:
    made = Mqtt(url=url, store="shop", lane="lane-1", **settings)
    made._first_retry = first_retry  # not a setting; nobody wants to wait a second here
    return made


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with Broker(tmp_path).running() as broker:
        yield broker


async def the_events(heard: Heard, count: int) -> list[str]:
    """Return the ids of the next events."""
    return [json.loads(text_of(await heard.next()))["id"] for _ in range(count)]


# What is published


async def test_events_arrive_in_order_and_as_on_every_channel(broker: Broker, events: "Events") -> None:
    told: list[LaneEvent] = [events.online(), events.accepted(1), events.member(1), events.failed(2)]
    told += [events.passed_through(n) for n in range(3, 20)]
    async with broker.heard(f"{LANE}/events/#") as heard, at_work(mqtt(broker.url)) as display:
        for event in told:
            await display.tell(event)
        messages = [await heard.next() for _ in told]

    assert [json.loads(text_of(message)) for message in messages] == [as_json_object(event) for event in told]
    assert [str(message.topic) for message in messages] == [f"{LANE}/events/{event.type}" for event in told]
    assert {(message.qos, message.retain) for message in messages} == {(1, False)}


async def test_no_topic_names_a_customer(broker: Broker, events: "Events") -> None:
    async with broker.heard() as heard, at_work(mqtt(broker.url)) as display:
        for event in (events.online(), events.member(1), events.failed(2)):
            await display.tell(event)
        topics = {str((await heard.next()).topic) for _ in range(8)}

    assert f"{LANE}/events/lookup_failed" in topics
    assert not [topic for topic in topics if "5678901" in topic]


async def test_whoever_comes_later_knows_how_the_scanners_are(broker: Broker, events: "Events") -> None:
    async with broker.heard(f"{LANE}/events/#") as now, at_work(mqtt(broker.url)) as display:
        await display.tell(events.online())
        await now.next()
        async with broker.heard() as later:
            known = [await later.next() for _ in range(3)]
        retained = {str(message.topic): text_of(message) for message in known}
        await display.tell(events.offline())
        await now.next()
        async with broker.heard(f"{LANE}/scanners/#") as even_later:
            assert text_of(await even_later.next()) == "offline"

    assert all(message.retain for message in known)
    assert retained.keys() == {f"{LANE}/status", f"{LANE}/scanners/counter", COUNTER}
    sensor = json.loads(retained[COUNTER])
    assert sensor["device_class"] == "connectivity"
    assert retained[sensor["state_topic"]] == sensor["payload_on"]
    assert retained[sensor["availability_topic"]] == sensor["payload_available"]


async def test_home_assistant_is_told_only_where_it_looks(broker: Broker, events: "Events") -> None:
    async with broker.heard() as heard:
        async with at_work(mqtt(broker.url, discovery_prefix="ha/found")) as display:
            await display.tell(events.online())
            await heard.until("ha/found/binary_sensor/shop__lane-1/counter/config")
            await heard.until(f"{LANE}/events/scanner_online")
        async with at_work(mqtt(broker.url, discovery_prefix="")) as display:
            await display.tell(events.online())
            told = [await heard.next()]
            while str(told[-1].topic) != f"{LANE}/events/scanner_online":
                told.append(await heard.next())

    assert not [message for message in told if "config" in str(message.topic)]


# How it comes and goes


async def test_the_last_will_of_a_lane_whose_connection_dies(broker: Broker, events: "Events") -> None:
    cable = Cable(broker)
    async with cable.plugged(), broker.heard(f"{LANE}/#") as heard:
        with capture_logs() as logs:
            async with at_work(mqtt(cable.url)) as display:
                await heard.until(f"{LANE}/status", "online")
                cable.cut()
                await heard.until(f"{LANE}/status", "offline")
                await heard.until(f"{LANE}/status", "online")
                event = events.member(1)
                await display.tell(event)
                assert await the_events(heard, 1) == [event.id]

    assert [log["event"] for log in logs] == ["broker_online", "broker_offline", "broker_online"]


async def test_a_lane_that_stops_says_all_it_had_to_say_and_goodbye(broker: Broker, events: "Events") -> None:
    told: list[LaneEvent] = [events.online(), *(events.member(n) for n in range(1, 30))]
    async with broker.heard(f"{LANE}/#") as heard:
        async with at_work(mqtt(broker.url)) as display:
            await heard.until(f"{LANE}/status", "online")
            for event in told:
                await display.tell(event)
        async with broker.heard(f"{LANE}/#") as later:
            last = {str(message.topic): text_of(message) for message in [await later.next(), await later.next()]}
        arrived = set()
        while (message := await heard.next()).topic.value != f"{LANE}/status":
            if "/events/" in str(message.topic):
                arrived.add(json.loads(text_of(message))["id"])

    assert last == {f"{LANE}/status": "offline", f"{LANE}/scanners/counter": "offline"}
    assert arrived == {event.id for event in told}


async def test_broker_down_and_back(tmp_path: Path, events: "Events") -> None:
    broker, told = Broker(tmp_path), [events.member(n) for n in range(1, 4)]
    with capture_logs() as logs:
        async with at_work(mqtt(broker.url)):
            async with broker.running():
                await said(logs, "broker_online")
            logs.clear()
            await said(logs, "broker_offline")
    cable = Cable(broker)  # so that whoever listens is there first
    with capture_logs() as logs:
        async with at_work(mqtt(cable.url, first_retry=0.2)) as display:
            for event in told:
                await display.tell(event)
            await asyncio.sleep(1)  # for some attempts
            async with broker.running(), broker.heard(f"{LANE}/events/#") as heard, cable.plugged():
                assert await the_events(heard, 3) == [event.id for event in told]

    assert [log["event"] for log in logs][:2] == ["broker_offline", "broker_online"], "told on change only"
    assert "Connection refused" in logs[0]["detail"]
    assert "start the broker, or correct url" in logs[0]["detail"]


async def test_what_the_broker_did_not_confirm_is_published_again(broker: Broker, events: "Events") -> None:
    cable, told = Cable(broker), [events.member(n) for n in range(1, 4)]
    async with cable.plugged(), broker.heard(f"{LANE}/#") as heard:
        with capture_logs() as logs:
            async with at_work(mqtt(cable.url)) as display:
                await said(logs, "broker_online")
                cable.stuck = True
                for event in told:
                    await display.tell(event)
                await asyncio.sleep(0.1)  # until the first is on its way
                cable.cut()
                cable.stuck = False
                await heard.until(f"{LANE}/status", "offline")
                await heard.until(f"{LANE}/status", "online")
                assert await the_events(heard, 3) == [event.id for event in told]


async def test_while_it_is_away_the_newest_are_kept_and_the_rest_is_counted(broker: Broker, events: "Events") -> None:
    cable, told = Cable(broker), [events.accepted(n) for n in range(CAPACITY + 5)]
    async with broker.heard(f"{LANE}/events/#") as heard:
        with capture_logs() as logs:
            async with at_work(mqtt(cable.url)) as display:
                for event in told:
                    await display.tell(event)
                await said(logs, "broker_offline")
                async with cable.plugged():
                    assert await the_events(heard, CAPACITY) == [event.id for event in told[5:]]
                    await said(logs, "events_dropped")

    names = [log["event"] for log in logs]
    assert names == ["broker_too_slow", "broker_offline", "broker_online", "events_dropped"]
    assert logs[-1]["count"] == 5


async def test_what_cannot_be_published_by_the_end_is_counted(broker: Broker, events: "Events") -> None:
    cable, loop = Cable(broker), asyncio.get_running_loop()
    async with cable.plugged():
        with capture_logs() as logs:
            async with at_work(mqtt(cable.url)) as display:
                await said(logs, "broker_online")
                cable.stuck = True
                for n in range(1, 4):
                    await display.tell(events.member(n))
                began = loop.time()
            assert loop.time() - began < STOP_WITHIN + 1

    assert (logs[-1]["event"], logs[-1]["count"]) == ("events_given_up", 3)


async def test_two_lanes_of_one_name_are_told_so(broker: Broker) -> None:
    with capture_logs() as logs:
        async with at_work(mqtt(broker.url, first_retry=60)):
            await said(logs, "broker_online")
            async with at_work(mqtt(broker.url, first_retry=60)):
                await said(logs, "broker_offline")

    (offline,) = (log for log in logs if log["event"] == "broker_offline")
    assert "give each lane of a store a name of its own" in offline["detail"]


@pytest.mark.parametrize("far_side", ["stuck", "not listening", "silent"])
async def test_nobody_else_waits_for_the_broker(far_side: str, broker: Broker, events: "Events") -> None:
    """What it cannot publish delays no other display: whether nobody is there, or somebody who never answers."""
    cable = Cable(broker)
    async with cable.plugged():
        silent = socket.create_server(("127.0.0.1", 0))  # accepts, as the kernel does, and says nothing
        nobody = socket.create_server(("127.0.0.1", 0))
        ports = {"silent": silent.getsockname()[1], "not listening": nobody.getsockname()[1]}
        nobody.close()
        display = mqtt(cable.url if far_side == "stuck" else f"mqtt://127.0.0.1:{ports[far_side]}")
        seen = Seen()
        fanout = Fanout({"mqtt": display, "other": seen})
        with capture_logs() as logs:
            delivering = asyncio.create_task(fanout.run())
            async with at_work(display):
                if far_side == "stuck":
                    await said(logs, "broker_online")
                    cable.stuck = True
                    fanout.publish(events.member(1))
                    await asyncio.sleep(0.1)  # until its publication waits
                loop = asyncio.get_running_loop()
                waits = []
                for n in range(2, 50):
                    began = loop.time()
                    fanout.publish(events.member(n))
                    async with asyncio.timeout(5):
                        await seen.queue.get()
                    waits.append(loop.time() - began)
                    await asyncio.sleep(0.01)
            delivering.cancel()
        silent.close()
    assert sorted(waits)[len(waits) // 2] < 0.05


class Seen:
    """Another display."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[LaneEvent] = asyncio.Queue()

    async def tell(self, event: LaneEvent) -> None:
        self.queue.put_nowait(event)


# Who is let in


async def test_a_wrong_password_is_one_sentence(tmp_path: Path, events: "Events") -> None:
    passwords = tmp_path / "passwords"
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), "lane", "right-word"]
    await asyncio.to_thread(subprocess.run, command, check=True)
    passwords.chmod(0o600)
    async with broker.running():
        with capture_logs() as logs:
            async with at_work(mqtt(broker.url, username="lane", password=SecretStr("wrong-word"))):
                await said(logs, "broker_offline")
                await asyncio.sleep(0.3)  # for some more attempts
            async with at_work(mqtt(broker.url, username="lane", password=SecretStr("right-word"))) as display:
                await said(logs, "broker_online")
                await display.tell(events.online())

    (offline,) = (log for log in logs if log["event"] == "broker_offline")
    assert "Not authorized" in offline["detail"]
    assert "correct username and password_file" in offline["detail"]
    assert "-word" not in repr(logs)
    assert "-word" not in repr(mqtt("mqtt://localhost", username="lane", password=SecretStr("right-word")))


@pytest.mark.filterwarnings(
    "ignore:unclosed <ssl.SSLSocket:ResourceWarning"
)  # paho leaves a failed one to the collector
async def test_only_a_broker_that_is_certified_is_spoken_to(tmp_path: Path, events: "Events") -> None:
    authority = Authority(tmp_path)
    server = authority.issue("broker")
    tls = (f"certfile {server.file}", f"keyfile {server.key}", "allow_anonymous true")
    broker, event = Broker(tmp_path, *tls), events.member(1)
    url = broker.url.replace("mqtt:", "mqtts:")
    async with broker.running():
        with capture_logs() as logs:
            async with at_work(mqtt(url)):
                await said(logs, "broker_offline")
            async with at_work(mqtt(url, ca_file=authority.file)) as display:
                await display.tell(event)
                await said(logs, "broker_online")

    assert "CERTIFICATE_VERIFY_FAILED" in str(logs[0]["detail"])
    assert [log["event"] for log in logs] == ["broker_offline", "broker_online"], "and no event was given up"


async def test_a_broker_may_ask_for_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, ours = authority.issue("broker"), authority.issue("lane")
    asking = (f"cafile {authority.file}", f"certfile {server.file}", f"keyfile {server.key}")
    broker = Broker(tmp_path, *asking, "require_certificate true", "use_identity_as_username true")
    url = broker.url.replace("mqtt:", "mqtts:")
    async with broker.running():
        with capture_logs() as logs:
            without = mqtt(url, ca_file=authority.file)
            without._answer_within = 0.5
            async with at_work(without):
                await said(logs, "broker_offline")
            async with at_work(mqtt(url, ca_file=authority.file, certificate_file=ours.file, key_file=ours.key)):
                await said(logs, "broker_online")

    assert "it may want a certificate_file" in logs[0]["detail"]


@pytest.mark.parametrize("key", ["ca_file", "certificate_file"])
async def test_certificates_that_cannot_be_read_are_one_sentence(key: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {key: tmp_path / "absent.pem"}
    with pytest.raises(DisplayError, match=rf"Failed to read {key}: expected .*absent.pem.*, got 'No such file"):
        await mqtt("mqtts://broker.example", **settings).serve()


# Its settings


@pytest.mark.parametrize(
    "url", ["mqtts://broker.example", "mqtt://localhost:1884", "mqtt://[::1]", "mqtts://10.0.0.1:1"]
)
def test_tls_or_this_machine(url: str) -> None:
    assert mqtt(url).url == url


@pytest.mark.parametrize(
    "url",
    ["", "broker.example", "mqtt://broker.example", "mqtt://192.168.1.7", "https://broker.example", "mqtts://",
     "mqtts://user:word@broker.example", "mqtts://broker.example/path", "mqtts://broker.example:0", "mqtts://[::1/",
     "mqtts://broker.example:70000", "mqtts://bröker.example", "mqtts://broker example"],
)  # fmt: skip
def test_anywhere_else_is_a_mistake(url: str) -> None:
    with pytest.raises(ValueError, match=r"^url: expected mqtts://HOST:PORT.*, got ") as told:
        mqtt(url)
    assert "word" not in str(told.value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"password": SecretStr("hush")}, r"^username: expected one that goes with the password, got none"),
        ({"key_file": Path("/key.pem")}, r"^certificate_file: expected the certificate that goes with key_file"),
        ({"discovery_prefix": "home/+"}, r"^discovery_prefix: expected a topic such as homeassistant, or nothing"),
    ],
)
def test_what_does_not_go_together_is_a_mistake(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as told:
        mqtt("mqtts://broker.example", **settings)
    assert "hush" not in str(told.value)


def configured(display: dict[str, Any], tmp_path: Path, **environ: str) -> Mqtt:
    lane = {"name": "lane-7", "store": "harbour"}
    document = {"lane": lane, "display": [{"driver": "mqtt", "url": "mqtts://broker.example"} | display]}
    keys = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
    config = parse_config(document, file="c.toml", base=tmp_path, environ=keys | environ)
    made = config.displays[0].build()
    assert isinstance(made, Mqtt)
    return made


def test_its_topics_are_those_of_the_store_and_lane(tmp_path: Path) -> None:
    made = configured({}, tmp_path)
    assert (made.store, made.lane) == ("harbour", "lane-7")


def test_its_password_comes_from_a_file_or_the_environment_if_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("from-file\n")
    assert configured({}, tmp_path).password is None
    for display, environ in (({"password_file": "word"}, {}), ({}, {"MQTT_PASSWORD": "from-file"})):
        made = configured({"username": "lane", **display}, tmp_path, **environ)
        assert made.password is not None
        assert made.password.get_secret_value() == "from-file"
    with pytest.raises(ConfigError, match=r"display\[1\].password_file: expected a readable file"):
        configured({"password_file": "absent"}, tmp_path)
    with pytest.raises(ConfigError, match=r"display\[1\].password: expected one of .*password_file.*an unknown key"):
        configured({"password": "hush"}, tmp_path)


def test_without_the_extra_it_is_one_sentence_and_nothing_else_needs_it(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    program = "import sys; sys.modules['aiomqtt'] = None; from scanner_daemon.cli import main; main()"
    command = [sys.executable, "-c", program, "check-config", str(config)]
    keys = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}
    config.write_text('lane = { name = "l" }\ndisplay = [{ driver = "console" }]\n')
    assert subprocess.run(command, env=keys, check=False).returncode == 0
    config.write_text('lane = { name = "l" }\ndisplay = [{ driver = "mqtt", url = "mqtt://localhost" }]\n')
    refused = subprocess.run(command, env=keys, capture_output=True, text=True, check=False)
    assert refused.returncode == 78
    assert "pip install 'scanner-daemon[mqtt]'" in refused.stderr
    assert "Traceback" not in refused.stderr
