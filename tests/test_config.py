"""The configuration: every mistake at once, each with its cure."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner_daemon.config import Config, load_config, parse_config
from scanner_daemon.errors import ConfigError
from scanner_daemon.pipeline.check_digits import CheckDigit

KEYS = {"GAMEBALL_API_KEY": "k", "GAMEBALL_SECRET_KEY": "s"}

WHOLE = r"""
[lane]
name = "lane-1"

[gameball]
version = "v4.1"
lookup_timeout = 2.5

[[scanner]]
name = "hand"
driver = "serial"
port = "/dev/serial/by-id/usb-1"
baudrate = 115200
pass_through = false

[[card]]
name = "plastic"
pattern = '04\d{11}'
check_digit = "ean"

[[card]]
name = "app"
kind = "gameball-qr"
symbologies = ["QRCODE"]

[debounce]
same_symbol_timeout = 1.5

[server]
listen = "127.0.0.1:0"

[[display]]
driver = "kiosk"

[[display]]
driver = "console"
format = "json"
"""


def parsed(text: str, environ: dict[str, str] | None = None) -> Config:
    return parse_config(tomllib.loads(text), file="c.toml", environ=KEYS if environ is None else environ)


def mistakes(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parsed(text, environ)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_whole_configuration() -> None:
    config = parsed(WHOLE)
    assert config.lane.name == "lane-1"
    assert config.debounce.same_symbol_timeout == 1.5
    assert [(scanner.name, scanner.pass_through) for scanner in config.scanners] == [("hand", False)]
    assert config.scanners[0].source.build().baudrate == 115200
    assert [part.build().name for part in config.cards] == ["plastic", "app"]
    assert config.cards[0].build().check_digit is CheckDigit.EAN
    assert config.loyalty.build().version == "v4.1"
    assert [type(part.build()).__name__ for part in config.displays] == ["Kiosk", "Console"]


def test_the_least_configuration() -> None:
    config = parsed('lane = { name = "l" }')
    assert not config.scanners
    assert not config.cards
    assert not config.displays
    assert config.server is None


def test_every_mistake_is_told_at_once() -> None:
    told = mistakes(
        WHOLE.replace("pass_through", "pass_trough")
        .replace('driver = "console"', 'driver = "consol"')
        .replace('"ean"', '"eam"')
        .replace("2.5", "0")
        .replace("[debounce]", "[debonce]")
        .replace("QRCODE", "QR")
    )
    assert [mistake.partition(" expected ")[0] for mistake in told] == [
        "c.toml: debonce:",
        "c.toml: gameball.lookup_timeout:",
        "c.toml: scanner[hand].pass_trough:",
        "c.toml: card[plastic].check_digit:",
        "c.toml: card[app].symbologies:",
        "c.toml: display[2].driver:",
    ]
    hints = [mistake.rpartition("did you mean ")[2].strip("'?)") for mistake in told if "did you mean" in mistake]
    assert hints == ["debounce", "pass_through", "ean", "console"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "c.toml: lane.name: expected a value, got nothing"),
        (
            "lane = { name = 'a/b' }",
            "c.toml: lane.name: expected letters, digits, '-', '_' and '.', at most 64, got 'a/b'",
        ),
        ("lane = 3", "c.toml: lane: expected a table [lane], got 3"),
        (
            "lane = { name = 'l' }\nscanner = { name = 's' }",
            "c.toml: scanner: expected tables [[scanner]], got {'name': 's'}",
        ),
        (
            "lane = { name = 'l' }\n[[scanner]]\nname = 's'",
            "c.toml: scanner[s].driver: expected keyboard-wedge | hid-pos | hid-keyboard | serial | ",
        ),
        (
            "lane = { name = 'l' }\n[[display]]\ndriver = 'kiosk'",
            "c.toml: display[1].driver: expected a table [server] to serve its page, got none",
        ),
        (
            "lane = { name = 'l' }\n[server]\n[[display]]\ndriver = 'kiosk'\n[[display]]\ndriver = 'kiosk'",
            "c.toml: display[2].driver: expected one kiosk a lane, for any number of screens, got two",
        ),
        (
            "lane = { name = 'l' }\n[server]\nlisten = '8770'",
            "c.toml: server.listen: expected host:port such as 127.0.0.1:8770 or [::1]:8770, got '8770'",
        ),
        (
            "lane = { name = 'l' }\n[gameball]\napi_key = 'secret'",
            "c.toml: gameball.api_key: expected one of",
        ),
    ],
)
def test_each_mistake_is_one_sentence(text: str, mistake: str) -> None:
    assert any(told.startswith(mistake) for told in mistakes(text))


def test_two_scanners_cannot_share_a_name() -> None:
    scanner = "[[scanner]]\nname = 's'\ndriver = 'serial'\nport = '/dev/x'\n"
    assert mistakes(f"lane = {{ name = 'l' }}\n{scanner}{scanner}") == [
        "c.toml: scanner[s].name: expected a name of its own, got 's' twice"
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml: expected a readable file, got no such file or directory"):
        load_config(tmp_path / "config.toml")


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[lane\n")
    with pytest.raises(ConfigError, match="expected TOML, got Expected"):
        load_config(tmp_path / "config.toml")


class TestSecrets:
    """A file, a credential, the environment: in this order, and nowhere else."""

    TEXT = "lane = { name = 'l' }\n[gameball]\napi_key_file = 'key'\n"

    def secret_of(self, config: Config) -> str:
        return str(config.loyalty.build().api_key.get_secret_value())

    def test_from_a_file_beside_the_configuration(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GAMEBALL_SECRET_KEY", "s")
        (tmp_path / "key").write_text("from-file\n")
        (tmp_path / "config.toml").write_text(self.TEXT)
        assert self.secret_of(load_config(tmp_path / "config.toml")) == "from-file"

    def test_from_a_credential_before_the_environment(self, tmp_path: Path) -> None:
        (tmp_path / "gameball_api_key").write_text("from-credential")
        environ = {**KEYS, "CREDENTIALS_DIRECTORY": str(tmp_path)}
        assert self.secret_of(parsed("lane = { name = 'l' }", environ)) == "from-credential"

    def test_from_the_environment(self) -> None:
        assert self.secret_of(parsed("lane = { name = 'l' }")) == "k"

    def test_missing_ones_are_mistakes(self) -> None:
        assert mistakes("lane = { name = 'l' }", {}) == [
            "c.toml: gameball.api_key_file: expected a file, the credential gameball_api_key or GAMEBALL_API_KEY "
            "in the environment, got none of them",
            "c.toml: gameball.secret_key_file: expected a file, the credential gameball_secret_key or "
            "GAMEBALL_SECRET_KEY in the environment, got none of them",
        ]

    def test_missing_ones_are_only_named_where_the_daemon_does_not_run(self) -> None:
        document = tomllib.loads("lane = { name = 'l' }")
        config = parse_config(document, file="c.toml", environ={}, require_secrets=False)
        assert config.missing_secrets == ("gameball_api_key", "gameball_secret_key")

    @pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff\xfe"])
    def test_a_file_without_a_secret(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(ConfigError, match=r"gameball\.api_key_file: expected a "):
            parse_config(tomllib.loads(self.TEXT), file="c.toml", base=tmp_path, environ=KEYS)

    def test_a_secret_in_the_place_of_its_file_is_not_told(self) -> None:
        (told,) = mistakes("lane = { name = 'l' }\n[gameball]\napi_key_file = 'hu/sh'\n")
        assert told == ("c.toml: gameball.api_key_file: expected a readable file, got no such file or directory")

    def test_no_secret_is_ever_shown(self) -> None:
        config = parsed(WHOLE, {"GAMEBALL_API_KEY": "hush-api", "GAMEBALL_SECRET_KEY": "hush-secret"})
        assert "hush" not in repr(config) + repr(config.loyalty.build())


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_WORDS = st.sampled_from(["name", "driver", "serial", "port", "kind", "pattern", "console", "listen", "match", "file"])
_TABLES = st.dictionaries(_WORDS, _VALUES | _WORDS, max_size=5)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["lane", "gameball", "scanner", "card", "debounce", "server", "display", "x"]),
        _VALUES | _TABLES | st.lists(_TABLES, max_size=2),
    )
)
def test_any_document_is_a_configuration_or_a_list_of_mistakes(document: dict[str, Any]) -> None:
    try:
        config = parse_config(document, file="c.toml", environ=KEYS)
    except ConfigError as error:
        told = str(error)
    else:
        told = config.lane.name
    assert told


class TestTill:
    """Where products go, and which may."""

    TYPING = "[[scanner]]\nname = 's'\ndriver = 'keyboard-wedge'\npath = '/dev/input/event1'\n"
    SERIAL = "[[scanner]]\nname = 's'\ndriver = 'serial'\nport = '/dev/ttyUSB0'\n"
    LANE = "lane = { name = 'l' }\n"

    def test_its_driver_and_settings(self) -> None:
        config = parsed(f"{self.LANE}[till]\ndriver = 'virtual-keyboard'\nterminator = 'tab'\nkey_interval = 0.01\n")
        assert config.till is not None
        till = config.till.build()
        assert (till.layout, till.terminator.value, till.key_interval) == ("us", "tab", 0.01)

    @pytest.mark.parametrize(
        ("till", "mistake"),
        [
            ("driver = 'virtual-keybord'", "till.driver: expected virtual-keyboard, got 'virtual-keybord' (did you"),
            ("layout = 'us'", "till.driver: expected virtual-keyboard, got nothing"),
            ("driver = 'virtual-keyboard'\nlayout = 'xx'", "till.layout: expected one of"),
            ("driver = 'virtual-keyboard'\nkey_interval = 0", "till.key_interval: expected greater than or equal to"),
            (
                "driver = 'virtual-keyboard'\nterminator = 'lf'",
                "till.terminator: expected enter | tab | none, got 'lf'",
            ),
            ("driver = 'virtual-keyboard'\nallow = '0-9'", "till.allow: expected one of"),
        ],
    )
    def test_its_mistakes(self, till: str, mistake: str) -> None:
        (told,) = mistakes(f"{self.LANE}[till]\n{till}")
        assert told.startswith(f"c.toml: {mistake}")

    @pytest.mark.parametrize(
        ("pass_through", "allow"), [("", " -~"), ("true", " -~"), ("{ allow = '0-9' }", "0-9"), ("false", None)]
    )
    def test_what_of_a_scanner_passes(self, pass_through: str, allow: str | None) -> None:
        setting = f"pass_through = {pass_through}\n" if pass_through else ""
        (scanner,) = parsed(self.LANE + self.SERIAL + setting).scanners
        assert scanner.pass_through is (allow is not None)
        assert (scanner.rules and scanner.rules.allow) == allow

    @pytest.mark.parametrize(
        ("pass_through", "mistake"),
        [
            ("1", "scanner[s].pass_through: expected true | false | a table of rules, got 1"),
            ("{ alow = '0' }", "scanner[s].pass_through.alow: expected one of allow "),
            ("{ allow = '9-0' }", "scanner[s].pass_through.allow: expected characters of printable ASCII and ranges"),
            ("{ max_rate = 0 }", "scanner[s].pass_through.max_rate: expected greater than or equal to 1, got 0"),
        ],
    )
    def test_mistakes_in_what_passes(self, pass_through: str, mistake: str) -> None:
        (told,) = mistakes(f"{self.LANE}{self.SERIAL}pass_through = {pass_through}\n")
        assert told.startswith(f"c.toml: {mistake}")

    def test_taking_products_from_a_till_is_noted(self) -> None:
        (note,) = parsed(self.LANE + self.TYPING).notes
        assert note.startswith("scanner[s]: products of this scanner reach only the event stream")
        till = "[till]\ndriver = 'virtual-keyboard'\n"
        for text in (self.TYPING + till, self.TYPING + "pass_through = false\n", self.SERIAL):
            assert parsed(self.LANE + text).notes == ()


@pytest.mark.parametrize("listen", ["0.0.0.0:8770", "[::]:8770", "192.0.2.1:8770", "lane-1.shop.example:8770"])
def test_a_server_that_others_can_overhear_is_noted(listen: str) -> None:
    server = f"lane = {{ name = 'l' }}\n[server]\nlisten = '{listen}'\n"
    (note,) = parsed(server).notes
    assert note.startswith("server: without TLS, the lane's token")
    assert listen in note
    assert parsed(f"{server}certificate_file = 'lane.pem'\nkey_file = 'lane.key'\n").notes == ()


@pytest.mark.parametrize("listen", ["127.0.0.1:8770", "127.0.0.2:8770", "[::1]:8770", "localhost:8770"])
def test_a_server_on_this_machine_alone_is_not(listen: str) -> None:
    assert parsed(f"lane = {{ name = 'l' }}\n[server]\nlisten = '{listen}'\n").notes == ()


@pytest.mark.parametrize(
    ("server", "mistake"),
    [
        (
            "certificate_file = 'lane.pem'",
            "expected certificate_file and key_file, or neither, got certificate_file alone",
        ),
        ("key_file = 'lane.key'", "expected certificate_file and key_file, or neither, got key_file alone"),
        ("names = ['lane 1']", "expected names such as lane-1.shop.example, got 'lane 1'"),
        ("names = ['0.0.0.0:80']", "expected names such as lane-1.shop.example, got '0.0.0.0:80'"),
    ],
)
def test_mistakes_of_the_server(server: str, mistake: str) -> None:
    (told,) = mistakes(f"lane = {{ name = 'l' }}\n[server]\n{server}\n")
    assert mistake in told


def test_how_new_cards_are_numbered() -> None:
    plastic = "[[card]]\nname = 'plastic'\npattern = '04\\d{11}'\ncheck_digit = 'ean'\n"
    recipe = parsed(f"lane = {{ name = 'l' }}\n{plastic}[cards]\norder = 'sequence'\nsymbology = 'qr'\n").card_numbers
    assert recipe is not None
    assert recipe.number(7) == "0400000000077"
    assert parsed("lane = { name = 'l' }\n").card_numbers is None
    assert mistakes("lane = { name = 'l' }\n[cards]\nsheme = 'ean13'\n")[0].endswith("(did you mean 'scheme'?)")


def test_a_serial_port_has_one_user(tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to("/dev/ttyUSB7")
    told = mistakes(
        "lane = { name = 'l' }\n"
        "scanner = [{ name = 'hand', driver = 'serial', port = '/dev/ttyUSB7' }]\n"
        f"display = [{{ driver = 'line-display', protocol = 'epson', port = '{tmp_path}/by-id' }}]\n"
    )
    assert told == ["c.toml: display[1].port: expected a port of its own, got that of scanner[hand]"]


def test_displays_speak_the_lane_s_language_but_for_their_own() -> None:
    config = parsed(
        "lane = { name = 'l', language = 'de-CH' }\nserver = { listen = '127.0.0.1:0' }\n"
        "display = [{ driver = 'kiosk' }, { driver = 'console' },"
        " { driver = 'line-display', protocol = 'utc', port = '/dev/ttyS0', language = 'fr' }]\n"
    )
    assert [getattr(part.build(), "language", None) for part in config.displays] == ["de-CH", None, "fr"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("lane = { name = 'l', language = 'xx' }", "c.toml: lane.language: expected one of en ar de es fr pt tr"),
        (
            "lane = { name = 'l' }\nserver = {}\ndisplay = [{ driver = 'kiosk', language = 'xx' }]",
            "c.toml: display[1].language: expected one of en ar de es fr pt tr",
        ),
        (
            "lane = { name = 'l' }\ndisplay = [{ driver = 'line-display', protocol = 'aedex', port = 'p', rows = 4 }]",
            "c.toml: display[1].rows: expected 2 with aedex, got 4",
        ),
    ],
)
def test_mistakes_of_displays(text: str, mistake: str) -> None:
    assert [told[: len(mistake)] for told in mistakes(text)] == [mistake]
