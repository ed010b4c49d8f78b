"""The configuration file, held against what the daemon understands.

TOML. Unknown keys are mistakes, and every mistake is told at once. Secrets are never in the file: a setting called
``api_key`` comes from the file that ``api_key_file`` names, from the systemd credential ``gameball_api_key`` or from
the environment variable ``GAMEBALL_API_KEY``, whichever is there first.
"""

import os
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import SecretStr

from scanner_daemon import credentials, cross_checks, displays, drivers, loyalty, pipeline, pos, sources
from scanner_daemon.cards.settings import PrinterSettings
from scanner_daemon.cards.template import Template
from scanner_daemon.cards.wallet_settings import WalletSettings
from scanner_daemon.drivers import Part, Place, SecretFinder
from scanner_daemon.enrolment.settings import EnrolmentSettings
from scanner_daemon.errors import ConfigError, Mistake
from scanner_daemon.issuing.counter import CounterSettings
from scanner_daemon.issuing.recipe import Recipe
from scanner_daemon.issuing.taken_back import taken_back
from scanner_daemon.pos.firewall import FirewallRules
from scanner_daemon.pos.member_template import MemberTemplate
from scanner_daemon.tables import NAME, NAME_RULE, BalanceCacheSettings, Debounce, LaneSettings

DEFAULT_FILE: Final = Path("/etc/scanner-daemon/config.toml")

_SERVER = {"server": "scanner_daemon.server:LocalServer"}
_SERVER_SECRETS = "scanner_daemon"  # SCANNER_DAEMON_TOKEN
_NOT_HERE = SecretStr("whsec_bm90LWhlcmUtbm90LWhlcmUtbm90LWhlcmU=")  # right for whoever checks its form
_TABLES = {"lane", "scanner", "card", "cards", "debounce", "server", "display", "till", "balance_cache", "enrolment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """One ``[[scanner]]``: what reads it, and what of its other labels goes on to the till: ``None`` is nothing."""

    name: str
    source: Part
    rules: FirewallRules | None = field(default_factory=FirewallRules)

    @property
    def pass_through(self) -> bool:
        """Whether anything but member cards goes on to the till."""
        return self.rules is not None

    @property
    def is_keyboard(self) -> bool:
        """Whether it would type into the till by itself."""
        return bool(getattr(self.source.driver, "is_keyboard", False))

    @property
    def has_head_start(self) -> bool:
        """Whether it may be claimed before the lane runs: a device of our own that the till does not need meanwhile."""
        return bool(getattr(self.source.driver, "settles", False)) and not (self.is_keyboard and self.pass_through)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration without mistakes. ``missing_secrets`` names those not found, where that was allowed."""

    lane: LaneSettings
    loyalty: Part
    scanners: tuple[Scanner, ...] = ()
    cards: tuple[Part, ...] = ()
    card_numbers: Recipe | None = None
    card_printer: PrinterSettings | None = None
    card_template: Template | None = None
    counter: CounterSettings = field(default_factory=CounterSettings)
    wallet: WalletSettings | None = None
    debounce: Debounce = field(default_factory=Debounce)
    balance_cache: BalanceCacheSettings = field(default_factory=BalanceCacheSettings)
    enrolment: EnrolmentSettings = field(default_factory=EnrolmentSettings)
    server: Part | None = None
    displays: tuple[Part, ...] = ()
    till: Part | None = None
    member: MemberTemplate | None = None
    missing_secrets: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is no mistake and may yet be none of the user's intentions, a sentence each."""
        taken = [scanner.name for scanner in self.scanners if scanner.pass_through and scanner.is_keyboard]
        server = self.server.build() if self.server else None
        exposed = [server.listen] if server and server.is_in_the_clear else []
        return (*cross_checks.untyped_notes([] if self.till else taken), *cross_checks.exposed_notes(exposed))


def load_config(path: str | Path = DEFAULT_FILE, *, require_secrets: bool = True) -> Config:
    """Read and check the configuration file at ``path``.

    Raises ``ConfigError`` with every mistake, also when the file is absent, unreadable or no TOML.
    """
    file = Path(path)
    return parse_config(read_document(file), file=str(file), base=file.parent, require_secrets=require_secrets)


def read_document(file: Path) -> Mapping[str, Any]:
    """Return what is in the configuration ``file``, unchecked.

    Raises ``ConfigError`` when the file is absent, unreadable or no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError([Mistake(file=str(file), key="", expected="a readable file", got=reason)]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([Mistake(file=str(file), key="", expected="TOML", got=str(error))]) from None


def scanners_in(document: Mapping[str, Any]) -> tuple[Scanner, ...]:
    """Return the scanners of a ``document``, before all else is checked; none where anything is wrong with one."""
    reader = _Reader(document, file="", base=Path(), environ={}, require_secrets=False)
    scanners = tuple(reader.scanners())
    return () if reader.mistakes else scanners


def parse_config(
    document: Mapping[str, Any],
    *,
    file: str,
    base: Path = Path(),
    environ: Mapping[str, str] = os.environ,
    require_secrets: bool = True,
) -> Config:
    """Check a parsed TOML ``document``; relative ``*_file`` keys are looked for in the folder ``base``.

    Raises ``ConfigError`` with every mistake.
    """
    reader = _Reader(document, file=file, base=base, environ=environ, require_secrets=require_secrets)
    config = reader.config()
    if config is None:
        raise ConfigError(reader.mistakes)
    return config


class _Reader:
    """One pass over a document, collecting mistakes."""

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        file: str,
        base: Path,
        environ: Mapping[str, str],
        require_secrets: bool,
    ) -> None:
        self.mistakes: list[Mistake] = []
        self._document = document
        self._file = file
        self._base = base
        self._environ = environ
        self._require_secrets = require_secrets
        self._missing_secrets: list[str] = []

    def config(self) -> Config | None:
        lane = self._plain(LaneSettings, "lane")
        debounce = self._plain(Debounce, "debounce")
        balance_cache = self._plain(BalanceCacheSettings, "balance_cache")
        enrolment = self._plain(EnrolmentSettings, "enrolment")
        programme = self._loyalty()
        server = self._server()
        scanners = tuple(self.scanners())
        cards = tuple(self._parts("card", _Choice("kind", pipeline.KINDS, "cards", default="pattern")))
        card_numbers = self._card_numbers(cards)
        card_printer = self._of_cards(PrinterSettings, "printer")
        card_template = self._of_cards(Template, "template")
        counter = self._of_cards(CounterSettings, "counter") or CounterSettings()
        wallet = self._of_cards(WalletSettings, "wallet")
        told = lane or LaneSettings(name="unnamed")  # what is wrong with it is told already
        of_lane = {"language": told.language, "store": told.store, "lane": told.name, "state_dir": told.state_dir}
        shown = tuple(self._parts("display", _Choice("driver", displays.DRIVERS, "displays", defaults=of_lane)))
        till, member = self._till(), self._member()
        of_scanners, of_displays = (list(self._array_places(key)) for key in ("scanner", "display"))
        self.mistakes += cross_checks.kiosk_mistakes(of_displays, has_server="server" in self._document)
        self.mistakes += cross_checks.card_mistakes(
            of_displays, self._table("cards") if "cards" in self._document else None, self._place("cards")
        )
        self.mistakes += cross_checks.port_mistakes([*of_scanners, *of_displays])
        if self.mistakes or programme is None:
            return None
        return Config(
            lane=lane,
            loyalty=programme,
            scanners=scanners,
            cards=cards,
            card_numbers=card_numbers,
            card_printer=card_printer,
            card_template=card_template,
            counter=counter,
            wallet=wallet,
            debounce=debounce,
            balance_cache=balance_cache,
            enrolment=enrolment,
            server=server,
            displays=shown,
            till=till,
            member=member,
            missing_secrets=tuple(self._missing_secrets),
        )

    def _place(self, key: str) -> Place:
        return Place(file=self._file, key=key)

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self._document.get(key, {})
        if isinstance(table, Mapping):
            return table
        self.mistakes.append(self._place("").mistake(key, expected=f"a table [{key}]", got=drivers.shown(table)))
        return {}

    def _array_places(self, key: str) -> Iterator[tuple[Mapping[str, Any], Place]]:
        """Yield the tables ``[[key]]``, each with its place, which tells its name or else its number."""
        tables = self._document.get(key, [])
        if not (isinstance(tables, list) and all(isinstance(table, Mapping) for table in tables)):
            self.mistakes.append(self._place("").mistake(key, expected=f"tables [[{key}]]", got=drivers.shown(tables)))
            return
        for number, table in enumerate(tables, start=1):
            name = table.get("name", number)
            yield table, self._place(f"{key}[{name if isinstance(name, str) else number}]")

    def _plain(self, settings: type[Any], key: str) -> Any:
        part = self._part(settings, self._table(key), self._place(key))
        return part.build() if part else None

    def _part(
        self,
        driver: type[Any],
        table: Mapping[str, Any],
        place: Place,
        *,
        secrets: str = "",
        beside: Collection[str] = (),
    ) -> Part | None:
        secret = self._secret_finder(secrets or place.key)
        part, mistakes = drivers.part(driver, table, place, secret=secret, beside=beside)
        self.mistakes += mistakes
        return part

    def _loyalty(self) -> Part | None:
        """Read the table that is named like a loyalty programme; any other unknown table is a mistake."""
        programmes: dict[str, type[Any] | None] = {}
        known = _TABLES | loyalty.DRIVERS.keys()
        for key in sorted(self._document.keys() - _TABLES):
            driver = drivers.find(loyalty.DRIVERS, key, group="scanner_daemon.loyalty")
            if driver:
                programmes[key] = driver
            else:
                expected = f"one of {' '.join(sorted(known))}"
                self.mistakes.append(self._place("").mistake(key, expected=expected, got="an unknown key", known=known))
        if len(programmes) > 1:
            got = " and ".join(f"[{key}]" for key in programmes)
            self.mistakes.append(self._place("").mistake("", expected="one loyalty programme", got=got))
            return None
        if not programmes:
            default = next(iter(loyalty.DRIVERS))
            programmes[default] = drivers.find(loyalty.DRIVERS, default, group="scanner_daemon.loyalty")
        ((key, driver),) = programmes.items()
        return self._part(driver, self._table(key), self._place(key)) if driver else None

    def _server(self) -> Part | None:
        if "server" not in self._document:
            return None
        driver = drivers.find(_SERVER, "server", group="")
        return (
            self._part(driver, self._table("server"), self._place("server"), secrets=_SERVER_SECRETS)
            if driver
            else None
        )

    def _till(self) -> Part | None:
        if "till" not in self._document:
            return None
        choice = _Choice("driver", pos.DRIVERS, "till", beside=("member",))
        return self._chosen(self._table("till"), self._place("till"), choice)

    def _member(self) -> MemberTemplate | None:
        """Read what is typed for a member: a template alone, or a table."""
        member = self._table("till").get("member")
        if member is None:
            return None
        table = member if isinstance(member, Mapping) else {"template": member}
        part = self._part(MemberTemplate, table, self._place("till.member"))
        return part.build() if part else None

    def scanners(self) -> Iterator[Scanner]:
        seen: set[str] = set()
        for table, place in self._array_places("scanner"):
            name = table.get("name")
            choice = _Choice("driver", sources.DRIVERS, "scanners", beside=("pass_through",))
            source = self._chosen(table, place, choice)
            rules = self._rules(table.get("pass_through", True), place)
            if isinstance(name, str):
                self._check_scanner_name(name, place, seen)
            if source is not None:
                yield Scanner(name=source.settings["name"], source=source, rules=rules)

    def _rules(self, pass_through: object, place: Place) -> FirewallRules | None:
        """Read ``pass_through``: the default rules, none, or a table of rules."""
        if isinstance(pass_through, bool):
            return FirewallRules() if pass_through else None
        if isinstance(pass_through, Mapping):
            part = self._part(FirewallRules, pass_through, self._place(f"{place.key}.pass_through"))
            return part.build() if part else None
        expected, got = "true | false | a table of rules", drivers.shown(pass_through)
        self.mistakes.append(place.mistake("pass_through", expected=expected, got=got))
        return None

    def _check_scanner_name(self, name: str, place: Place, seen: set[str]) -> None:
        if name in seen:
            self.mistakes.append(place.mistake("name", expected="a name of its own", got=f"{name!r} twice"))
        seen.add(name)
        if not NAME.fullmatch(name):
            self.mistakes.append(place.mistake("name", expected=NAME_RULE, got=repr(name)))

    def _card_numbers(self, cards: Sequence[Part]) -> Recipe | None:
        """Read how new cards are numbered: as the lane takes them back."""
        if "cards" not in self._document:
            return None
        part = self._part(
            Recipe, self._table("cards"), self._place("cards"), beside=("printer", "template", "counter", "wallet")
        )
        recipe: Recipe | None = part.build() if part else None
        example = recipe and recipe.number(recipe.first)
        if recipe and example and not taken_back(example, recipe.bar_code, [part.build() for part in cards]):
            expected = (
                "numbers that a [[card]] of this lane takes back, as its pattern, symbologies and check digit say"
            )
            got = f"{example} as {recipe.bar_code.value}"
            self.mistakes.append(self._place("cards").mistake("", expected=expected, got=got))
        return recipe

    def _of_cards(self, settings: type[Any], key: str) -> Any:
        """Read a table of ``[cards]``, if it is there."""
        table = self._table("cards").get(key)
        if table is None:
            return None
        if not isinstance(table, Mapping):
            self.mistakes.append(self._place("cards").mistake(key, expected="a table", got=drivers.shown(table)))
            return None
        part = self._part(settings, table, self._place(f"cards.{key}"))
        return part.build() if part else None

    def _parts(self, key: str, choice: "_Choice") -> Iterator[Part]:
        for table, place in self._array_places(key):
            part = self._chosen(table, place, choice)
            if part is not None:
                yield part

    def _chosen(self, table: Mapping[str, Any], place: Place, choice: "_Choice") -> Part | None:
        name = table.get(choice.key, choice.default)
        group = f"scanner_daemon.{choice.group}"
        driver = drivers.find(choice.drivers, name, group=group) if isinstance(name, str) else None
        if driver is None:
            known = choice.drivers.keys()
            got = "nothing" if name is None else drivers.shown(name)
            self.mistakes.append(place.mistake(choice.key, expected=" | ".join(known), got=got, known=known))
            return None
        secrets = str(name).replace("-", "_")  # webhook_secret, WEBHOOK_SECRET
        settings = {field.name for field in fields(driver) if field.init}
        defaults = {key: value for key, value in choice.defaults.items() if key in settings}
        return self._part(driver, {**defaults, **table}, place, secrets=secrets, beside=(choice.key, *choice.beside))

    def _secret_finder(self, prefix: str) -> SecretFinder:
        def find(name: str, given: object, *, required: bool) -> SecretStr | None:
            credential = f"{prefix}_{name}"
            secret = credentials.find(credential, given, base=self._base, environ=self._environ)
            if secret is not None or not required:
                return secret
            if prefix == _SERVER_SECRETS:
                return SecretStr("")  # made at the first start
            if self._require_secrets:
                named = f"a file, the credential {credential} or {credential.upper()} in the environment"
                raise ValueError(f"expected {named}, got none of them")
            self._missing_secrets.append(credential)
            return _NOT_HERE

        return find


class _Choice(NamedTuple):
    """The key of a table that chooses its driver, and what it may say; ``group`` is that of the entry points.

    ``defaults`` are settings from elsewhere, for those drivers that have them.
    """

    key: str
    drivers: Mapping[str, str]
    group: str
    default: str | None = None
    beside: Collection[str] = ()
    defaults: Mapping[str, Any] = MappingProxyType({})
