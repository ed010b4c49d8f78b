"""The composition root: a configuration in, a lane out. It alone chooses concrete classes."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Self

import structlog

from scanner_daemon import lane
from scanner_daemon.config import Config, Scanner
from scanner_daemon.credentials import kept_token
from scanner_daemon.displays.cashier import Cashier
from scanner_daemon.displays.dead_letters import DeadLetters
from scanner_daemon.displays.journal import Journal
from scanner_daemon.displays.kiosk import Kiosk
from scanner_daemon.displays.metrics import Metrics
from scanner_daemon.displays.operator import Operator
from scanner_daemon.drivers import Part
from scanner_daemon.enrolment.announcer import Announcer
from scanner_daemon.enrolment.desk import Desk
from scanner_daemon.enrolment.intake import Intake
from scanner_daemon.enrolment.routes import EnrolmentRoutes
from scanner_daemon.errors import DisplayError, StorageError
from scanner_daemon.issuing.counter import Counter
from scanner_daemon.issuing.issuer import Issuer
from scanner_daemon.issuing.ledger import FILE_NAME as LEDGER
from scanner_daemon.issuing.ledger import Ledger
from scanner_daemon.issuing.order import Order
from scanner_daemon.issuing.routes import CounterRoutes
from scanner_daemon.loyalty.balance_cache import BalanceCache
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.last_known import LastKnown
from scanner_daemon.loyalty.outbox import FILE_NAME, Outbox
from scanner_daemon.loyalty.outbox_thread import OutboxThread
from scanner_daemon.loyalty.replay import Replay
from scanner_daemon.model import Member
from scanner_daemon.pipeline import CardScheme, DuplicateFilter, Pipeline
from scanner_daemon.ports import (
    EnrollingProgram,
    Forgets,
    LaneListener,
    LoyaltyProgram,
    PassOn,
    ScannerSource,
    Service,
    Till,
)
from scanner_daemon.pos.firewall import Firewall
from scanner_daemon.pos.member_template import MemberToTill
from scanner_daemon.server import LocalServer
from scanner_daemon.sources.hotplug import HotPlug
from scanner_daemon.systemd import SystemdNotifier

_log = structlog.get_logger()


class Lane(lane.Lane):
    """A lane made from a configuration.

    >>> lane = Lane.from_config(load_config("config.toml"))  # doctest: +SKIP
    >>> asyncio.run(lane.run())  # doctest: +SKIP
    """

    server: LocalServer | None = None
    """The local server, where one is configured."""
    _config: Config
    _till: Till | None
    _notifier: SystemdNotifier | None

    @classmethod
    def from_config(
        cls,
        config: Config,
        *,
        environ: Mapping[str, str] = os.environ,
        begun: Mapping[str, ScannerSource] = MappingProxyType({}),
    ) -> Self:
        """Build every part of ``config`` and put them together; opens no device, file or connection but the token's.

        ``begun`` are scanners that are there already, by name; they are not built.
        Raises ``ConfigError`` when the state directory cannot keep the server's token.
        """
        for note in config.notes:
            _log.warning("configuration_note", detail=note)
        ready = asyncio.Event()
        displays = {f"{part.driver.__name__.lower()} {n}": part.build() for n, part in enumerate(config.displays, 1)}
        server = _server(config, displays)
        notifier = SystemdNotifier.from_environment(environ, ready=ready)
        hotplug = HotPlug()
        programme = config.loyalty.build()
        desk = _desk(config, programme)
        counter = _counter(config, displays.values())
        last_known = _last_known(config, desk or programme)
        till: Till | None = config.till.build() if config.till else None

        listeners: dict[str, LaneListener] = {**displays}  # told in this order: who waits for it comes first
        services = {name: display for name, display in displays.items() if isinstance(display, Service)}
        member_to_till = MemberToTill(config.member, to_till=till.type) if till and config.member else None
        if till is not None:
            services["till"] = till
        if member_to_till is not None:
            listeners["till"] = member_to_till
        if server is not None:
            cashier = Cashier(lane=config.lane.name)
            server.routes += cashier.routes
            listeners |= {"event stream": server.events, "cashier": cashier}
            listeners |= _watching(config, server, breaker=_breaker(programme), outbox=_depth(desk) if desk else None)
            services["server"] = server
        if desk is not None:
            listeners["enrolment"] = desk
            services["outbox"] = desk.intake
            if isinstance(desk.numbers, Issuer):
                services["card numbers"] = desk.numbers
        if counter is not None:
            listeners["counter"] = services["counter"] = counter
        if notifier is not None:
            listeners["systemd"] = services["systemd"] = notifier
        listeners["journal"] = Journal()
        built = cls(
            name=config.lane.name,
            sources=_sources(config, till, begun),
            pipeline=_pipeline(config),
            loyalty=last_known or desk or programme,
            listeners=listeners,
            pass_on=_pass_on(config, till),
            recognise=member_to_till.recognise if member_to_till else None,
            services=services,
            resources=[
                programme,
                *([last_known] if last_known else []),
                *([desk.intake.outbox] if desk else []),
                hotplug,
            ],
            presence=hotplug,
            ready=ready,
            stop_timeout=config.lane.stop_timeout,
        )
        _connect(built, server, desk, counter)
        built.server = server
        built._config, built._till, built._notifier = config, till, notifier
        return built

    async def reload(self, config: Config) -> None:
        """Take scanners, cards and debounce times from ``config``, from the next scan on, and a renewed certificate.

        A scanner whose settings are the same is read on: none of its scans is lost. What else is different is told to
        need a restart. Only for a lane that runs.
        """
        if self._notifier is not None:
            self._notifier.reloading()
        for name in sorted(_fields(config) - {"scanners", "cards", "debounce", "missing_secrets"}):
            if getattr(config, name) != getattr(self._config, name):
                _log.warning("restart_needed", changed=name, detail="The daemon goes on with what it was started with.")
        self._renew_certificate()
        before, after = ({one.name: _as_read(one) for one in it.scanners} for it in (self._config, config))
        different = [one for one in config.scanners if before.get(one.name) != after[one.name]]
        self._config = replace(self._config, scanners=config.scanners, cards=config.cards, debounce=config.debounce)
        if isinstance(numbers := self._services.get("card numbers"), Issuer):
            numbers.schemes = _cards(config)
        await self.change(
            pipeline=_pipeline(config),
            pass_on=_pass_on(config, self._till),
            gone=[name for name in before if before[name] != after.get(name)],
            sources=_sources(replace(config, scanners=tuple(different)), self._till),
        )
        _log.info("configuration_reloaded", scanners_begun=[one.name for one in different])
        if self._notifier is not None:
            self._notifier.reloaded()

    def _renew_certificate(self) -> None:
        try:
            if self.server is not None:
                self.server.renew_certificate()
        except DisplayError as error:
            _log.error("certificate_not_renewed", detail=str(error))


def outbox_of(config: Config) -> Outbox:
    """Return the lane's outbox for a person to look into, also while the daemon runs."""
    return Outbox(file=config.lane.state_dir / FILE_NAME, keeper=False)


def stores(config: Config) -> Mapping[str, Forgets]:
    """Return all that keeps something of customers on the disk, by the name that a person may know it by."""
    return {
        "outbox": outbox_of(config),
        "last known balances": _balance_cache(config),
        "names for the card printer": ledger_of(config),
        "dead letters": DeadLetters(state_dir=config.lane.state_dir),
    }


def ledger_of(config: Config) -> Ledger:
    """Return the ledger of the lane's card numbers, which several processes may use."""
    return Ledger(file=config.lane.state_dir / LEDGER)


def issuer(config: Config, find: Callable[[str], Awaitable[Member | None]]) -> Issuer | None:
    """Return what issues the lane's card numbers, if the configuration says how they look.

    ``find`` asks the loyalty programme for a customer and enrols nobody.
    """
    if config.card_numbers is None:
        return None
    return Issuer(
        recipe=config.card_numbers,
        ledger=ledger_of(config),
        schemes=_cards(config),
        find=find,
    )


def _fields(config: Config) -> set[str]:
    return {one.name for one in fields(config)}


def _as_read(scanner: Scanner) -> tuple[Part, bool]:
    """Return all that decides how a scanner is read."""
    return scanner.source, scanner.is_keyboard and scanner.pass_through


def _pipeline(config: Config) -> Pipeline:
    return Pipeline(
        cards=_cards(config),
        duplicates=DuplicateFilter(config.debounce.same_symbol_timeout),
        cards_only=[scanner.name for scanner in config.scanners if not scanner.pass_through],
    )


def _cards(config: Config) -> list[CardScheme]:
    return [part.build() for part in config.cards]


def _last_known(config: Config, programme: LoyaltyProgram) -> LastKnown | None:
    if not config.balance_cache.max_customers:
        return None
    return LastKnown(programme=programme, cache=_balance_cache(config))


def _balance_cache(config: Config) -> BalanceCache:
    kept = config.balance_cache
    age = timedelta(days=kept.max_days)
    return BalanceCache(state_dir=config.lane.state_dir, max_customers=max(kept.max_customers, 1), max_age=age)


def _sources(
    config: Config, till: Till | None, begun: Mapping[str, ScannerSource] = MappingProxyType({})
) -> list[ScannerSource]:
    """Return the scanners. Those that would type into the till are taken from it only while it is typed to."""
    built = [(scanner, begun.get(scanner.name) or scanner.source.build()) for scanner in config.scanners]
    return [
        till.standing_in(source) if till and scanner.is_keyboard and scanner.pass_through else source
        for scanner, source in built
    ]


def _pass_on(config: Config, till: Till | None) -> PassOn | None:
    if till is None:
        return None
    rules = {scanner.name: scanner.rules for scanner in config.scanners if scanner.rules}
    return Firewall(rules, to_till=till.type).pass_on


def _desk(config: Config, loyalty: LoyaltyProgram) -> Desk | None:
    """Return where customers are enrolled, if the loyalty programme takes their details."""
    if not isinstance(loyalty, EnrollingProgram):
        return None
    outbox = OutboxThread(outbox=Outbox(file=config.lane.state_dir / FILE_NAME))
    replay = Replay(outbox=outbox, programme=loyalty)
    intake = Intake(outbox=outbox, replay=replay, announcer=Announcer(lane=config.lane.name))
    return Desk(programme=loyalty, intake=intake, settings=config.enrolment, numbers=issuer(config, loyalty.find))


def _connect(built: Lane, server: LocalServer | None, desk: Desk | None, counter: Counter | None) -> None:
    """Give those who tell or ask the lane something the lane."""
    if desk is not None:
        desk.intake.announcer.publish = built.publish
    if counter is not None:
        counter.publish = built.publish
    if server is not None:
        server.health = built.health
        server.routes += EnrolmentRoutes(desk=desk).routes if desk else ()
        server.routes += CounterRoutes(counter=counter).routes if counter and counter.settings.print else ()


def _counter(config: Config, displays: Iterable[LaneListener]) -> Counter | None:
    """Return where the lane's new cards are made, if it issues any; it draws for the pages that show them."""
    if config.card_numbers is None:
        return None
    ledger = ledger_of(config)
    order = Order(
        ledger=ledger.file,
        symbology=config.card_numbers.bar_code,
        printer=config.card_printer,
        template=config.card_template,
    )
    counter = Counter(lane=config.lane.name, settings=config.counter, order=order, ledger=ledger)
    for display in displays:
        if isinstance(display, Kiosk):
            display.draw_card = counter.picture
    return counter


def _watching(
    config: Config,
    server: LocalServer,
    *,
    breaker: Callable[[], str] | None,
    outbox: Callable[[], Awaitable[Mapping[str, int]]] | None,
) -> Mapping[str, LaneListener]:
    """Return who tells a person, and a program, how the lane is."""
    metrics = Metrics(breaker=breaker, outbox=outbox)
    operator = Operator(lane=config.lane.name, breaker=breaker, outbox=outbox)
    server.routes += [*metrics.routes, *operator.routes]
    return {"metrics": metrics, "operator": operator}


def _breaker(programme: LoyaltyProgram) -> Callable[[], str] | None:
    return (lambda: programme.breaker_state.value) if isinstance(programme, Gameball) else None


def _depth(desk: Desk) -> Callable[[], Awaitable[Mapping[str, int]]]:
    async def depth() -> Mapping[str, int]:
        try:
            return asdict(await desk.intake.counts())
        except StorageError:  # unknown is told as nothing, and never as 0
            return {}

    return depth


def _server(config: Config, displays: Mapping[str, LaneListener]) -> LocalServer | None:
    """Return the local server with the pages of all displays that have some."""
    if config.server is None:
        return None
    server: LocalServer = config.server.build()
    if not server.token.get_secret_value():
        server.token = kept_token(config.lane.state_dir)
    for display in displays.values():
        server.routes += getattr(display, "routes", ())
    return server
