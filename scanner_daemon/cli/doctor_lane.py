"""What ``scanner-daemon doctor`` looks at beside the scanners: Gameball, the clock, the service, the pages."""

import dataclasses
import grp
import http.client
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scanner_daemon.cli.finding import SERVICE, Finding
from scanner_daemon.config import Config
from scanner_daemon.errors import LoyaltyError, LoyaltyMisconfigured
from scanner_daemon.loyalty.transport import server_clock
from scanner_daemon.server import host_and_port

NOBODY: Final = "scanner-daemon-doctor"
"""A customer who does not exist: asking for them needs the keys, and changes nothing."""

CLOCK_TOLERANCE: Final = 30.0
"""Seconds. One-time codes and web hooks' signatures stop working at minutes."""

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "firefox", "cog")


async def loyalty_findings(config: Config) -> list[Finding]:
    """Ask the loyalty programme for a customer who does not exist, and its server for the time."""
    if config.missing_secrets:
        names = ", ".join(name.upper() for name in config.missing_secrets)
        cure = f"give {names} as files, as systemd credentials (/etc/credstore), or in the environment"
        return [Finding(check="keys", detail=f"{names} not found by this user", cure=cure)]
    name, settings = config.loyalty.driver.__name__, dict(config.loyalty.settings)
    if "create" in {field.name for field in dataclasses.fields(config.loyalty.driver)}:
        settings["create"] = "never"
    try:
        async with config.loyalty.driver(**settings) as programme:
            await programme.get_or_create(NOBODY)
    except LoyaltyMisconfigured as error:
        found = Finding(check=name, detail=str(error), cure="correct keys, version and base_url")
    except LoyaltyError as error:
        return [Finding(check=name, detail=str(error), cure="check network, name server and base_url")]
    else:
        found = Finding(check=name, detail="it answers, and takes the keys")
    base_url = getattr(config.loyalty.build(), "base_url", None)
    return [found, await _clock(base_url)] if base_url else [found]


async def _clock(base_url: str) -> Finding:
    try:
        there = await server_clock(base_url, timeout=5.0)
    except LoyaltyError as error:
        return Finding(check="clock", detail=f"{base_url}: {error}", cure="check the network")
    if there is None:
        return Finding(check="clock", detail=f"{base_url} does not tell the time: not compared")
    wrong = (datetime.now(UTC) - there).total_seconds()
    if abs(wrong) <= CLOCK_TOLERANCE:
        return Finding(check="clock", detail=f"right to {max(1, round(abs(wrong)))} s")
    detail = f"this machine is {abs(wrong):.0f} s {'ahead' if wrong > 0 else 'behind'}"
    return Finding(check="clock", detail=detail, cure="timedatectl set-ntp true")


def lane_findings(config: Config) -> Iterator[Finding]:
    """Look at the state directory, the service, the till's keyboard and the local server."""
    yield _state_dir(config.lane.state_dir)
    yield from _service()
    if config.till is not None:
        yield _uinput(Path(str(config.till.settings.get("device", "/dev/uinput"))))
    if config.server is not None:
        yield _page(str(config.server.settings.get("listen", config.server.build().listen)))
        if any(part.driver.__name__ == "Kiosk" for part in config.displays):
            yield _browser()


def readable(file: Path) -> Finding:
    """Tell whether the daemon's user may read its configuration, where there is such a user."""
    detail = str(file)
    try:
        group = grp.getgrnam(SERVICE).gr_gid
    except KeyError:
        return Finding(check="configuration", detail=detail)
    status = file.stat()
    if status.st_mode & stat.S_IROTH or (status.st_gid == group and status.st_mode & stat.S_IRGRP):
        return Finding(check="configuration", detail=detail)
    cure = f"chgrp {SERVICE} {file} && chmod g+r {file}"
    return Finding(check="configuration", detail=f"{detail} cannot be read by the daemon's user", cure=cure)


def _state_dir(folder: Path) -> Finding:
    if not folder.is_dir():
        here = folder.parent.is_dir() and os.access(folder.parent, os.W_OK)
        cure = "" if here or _unit_exists() else f"install -d -m 700 -o {SERVICE} {folder}"
        return Finding(check="state directory", detail=f"{folder} is not there yet", cure=cure)
    owner = _owner(folder)
    if os.access(folder, os.W_OK) or owner == SERVICE:
        return Finding(check="state directory", detail=f"{folder}, of {owner}")
    cure = f"chown -R {SERVICE} {folder}, or set state_dir in [lane]"
    return Finding(check="state directory", detail=f"{folder} belongs to {owner}", cure=cure)


def _service() -> Iterator[Finding]:
    """Ask systemd for the unit, where there is systemd and the unit."""
    if not _unit_exists():
        yield Finding(check="service", detail="not installed: the daemon is run in another way")
        return
    state = subprocess.run(  # noqa: S603  our own arguments
        [str(shutil.which("systemctl")), "is-active", SERVICE], capture_output=True, text=True, check=False, timeout=10
    ).stdout.strip()
    cure = "" if state == "active" else f"systemctl start {SERVICE}; why it stopped: journalctl -u {SERVICE}"
    yield Finding(check="service", detail=state or "unknown", cure=cure)


def _unit_exists() -> bool:
    folders = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"))
    return shutil.which("systemctl") is not None and any((folder / f"{SERVICE}.service").exists() for folder in folders)


def _uinput(node: Path) -> Finding:
    if not node.exists():
        cure = "modprobe uinput, and put a file with that word into /etc/modules-load.d"
        return Finding(check="till's keyboard", detail=f"there is no {node}", cure=cure)
    if os.access(node, os.W_OK) or node.group() == SERVICE:
        return Finding(check="till's keyboard", detail=f"{node}, of group {node.group()}")
    detail = f"{node} may not be written by this user"
    return Finding(check="till's keyboard", detail=detail, cure="run udev/install.sh of this package")


def _page(listen: str) -> Finding:
    """Ask the local server for its health."""
    host, port = host_and_port(listen)
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        cure = "start the daemon, or let nothing else have that port"
        return Finding(check="local server", detail=f"http://{listen}/health: {error}", cure=cure)
    finally:
        connection.close()
    cure = "" if status == http.HTTPStatus.OK else f"see http://{listen}/health and the daemon's log"
    return Finding(check="local server", detail=f"http://{listen}/health answers {status}", cure=cure)


def _browser() -> Finding:
    found = next((name for name in _BROWSERS if shutil.which(name)), None)
    if found:
        return Finding(check="customer page", detail=f"{found} can show it")
    return Finding(check="customer page", detail="no browser is installed here", cure="apt-get install chromium")


def _owner(folder: Path) -> str:
    try:
        return folder.owner()
    except KeyError:
        return str(folder.stat().st_uid)
