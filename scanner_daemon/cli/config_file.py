"""Put a scanner into a configuration file, and leave all that stands there as it is."""

import json
import os
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scanner_daemon.config import Config, load_config, parse_config
from scanner_daemon.errors import ConfigError, Mistake
from scanner_daemon.sources.device_match import DeviceMatch
from scanner_daemon.sources.discovery import Attached

NEW_FILE: Final = """\
# Written by `scanner-daemon setup`; the README tells what else there is. Check it: scanner-daemon check-config FILE

[lane]
name = "lane-1"

[gameball]
# The keys: systemd credentials or files, see the README. Never here.

# What a member's card looks like; without any no scan is a member.
#[[card]]
#name = "plastic"
#pattern = '04\\d{11}'
#check_digit = "ean"

[server]
listen = "127.0.0.1:8770"

[[display]]
driver = "kiosk"
"""


def existing(file: Path) -> Config | None:
    """Return the configuration in ``file``, ``None`` where there is none. Raises ``ConfigError`` when it is wrong."""
    return load_config(file, require_secrets=False) if file.exists() else None


def free_name(config: Config | None, wanted: str) -> str:
    """Return ``wanted``, with a number where another scanner has it."""
    taken = {scanner.name for scanner in config.scanners} if config else set()
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def holder(config: Config | None, device: Attached) -> str | None:
    """Return the name of the scanner in ``config`` that is ``device``."""
    for scanner in config.scanners if config else ():
        settings = scanner.source.settings
        match = settings.get("match")
        paths = {Path(settings[key]).resolve() for key in ("path", "port") if settings.get(key)}
        if (isinstance(match, DeviceMatch) and match.fits(device)) or Path(device.node).resolve() in paths:
            return scanner.name
    return None


def table(settings: Mapping[str, Any]) -> str:
    """Return ``[[scanner]]`` with ``settings`` as TOML. Values are strings, numbers, booleans and tables of strings."""
    return "\n".join(["[[scanner]]", *(f"{key} = {_value(value)}" for key, value in settings.items())]) + "\n"


def add(file: Path, added: str) -> Path | None:
    """Add the tables ``added`` at the end of ``file``, a new file where there is none; return what it was saved as.

    The result is checked before anything is written, and written whole or not at all, with the old file's mode and
    owner. Raises ``ConfigError``, ``OSError``.
    """
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    text = f"{(old or NEW_FILE).rstrip()}\n\n{added}"
    _check(text, file)
    backup = None
    if old:
        backup = file.with_name(f"{file.name}~")
        shutil.copy2(file, backup)
    unfinished = file.with_name(f".{file.name}.new")
    with unfinished.open("w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    _adopt(file, unfinished)
    unfinished.replace(file)
    return backup


def _check(text: str, file: Path) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # the old file has its scanners inline, and cannot be added to
        expected = "tables [[scanner]], to add one at the end"
        raise ConfigError([Mistake(file=str(file), key="scanner", expected=expected, got=str(error))]) from None
    parse_config(document, file=str(file), base=file.parent, require_secrets=False)


def _adopt(old: Path, new: Path) -> None:
    """Give ``new`` the mode and owner of ``old``; a new file may be read by all: it holds no secret."""
    if not old.exists():
        new.chmod(0o644)
        return
    shutil.copymode(old, new)
    status = old.stat()
    os.chown(new, status.st_uid, status.st_gid)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
