"""The composition root: a configuration in, a lane out. It alone chooses concrete classes."""

import asyncio
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from scanner_daemon import lane
from scanner_daemon.config import Config
from scanner_daemon.displays.journal import Journal
from scanner_daemon.errors import ConfigError, Mistake
from scanner_daemon.pipeline import DuplicateFilter, Pipeline
from scanner_daemon.ports import LaneListener, Service
from scanner_daemon.server import LocalServer
from scanner_daemon.sources.hotplug import HotPlug
from scanner_daemon.systemd import SystemdNotifier


class Lane(lane.Lane):
    """A lane made from a configuration.

    >>> lane = Lane.from_config(load_config("config.toml"))  # doctest: +SKIP
    >>> asyncio.run(lane.run())  # doctest: +SKIP
    """

    server: LocalServer | None = None
    """The local server, where one is configured."""

    @classmethod
    def from_config(cls, config: Config, *, environ: Mapping[str, str] = os.environ) -> Self:
        """Build every part of ``config`` and put them together; opens no device, file or connection but the token's.

        Raises ``ConfigError`` when the state directory cannot keep the server's token.
        """
        ready = asyncio.Event()
        displays = {f"{part.driver.__name__.lower()} {n}": part.build() for n, part in enumerate(config.displays, 1)}
        server = _server(config, displays, environ)
        notifier = SystemdNotifier.from_environment(environ, ready=ready)
        hotplug = HotPlug()
        loyalty = config.loyalty.build()

        listeners: dict[str, LaneListener] = {"journal": Journal(), **displays}
        services: dict[str, Service] = {}
        if server is not None:
            listeners["event stream"] = server.events
            services["server"] = server
        if notifier is not None:
            listeners["systemd"] = services["systemd"] = notifier
        built = cls(
            name=config.lane.name,
            sources=[scanner.source.build() for scanner in config.scanners],
            pipeline=_pipeline(config),
            loyalty=loyalty,
            listeners=listeners,
            services=services,
            resources=[loyalty, hotplug],
            presence=hotplug,
            ready=ready,
            stop_timeout=config.lane.stop_timeout,
        )
        built.server = server
        return built
