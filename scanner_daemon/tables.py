"""The tables of the configuration that no adapter stands behind."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from scanner_daemon import displays

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Names go into addresses, topics and file names."""

NAME_RULE: Final = "letters, digits, '-', '_' and '.', at most 64"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSettings:
    """The table ``[lane]``. ``stop_timeout`` is in seconds, for the whole ordered stop.

    ``language`` is that of every display which has none of its own. ``store`` tells lanes of one name apart.
    """

    name: str
    store: str = "main"
    language: str = "en"
    state_dir: Path = field(default_factory=lambda: _state_dir(os.environ))
    stop_timeout: Annotated[float, Field(gt=0, le=60)] = 5.0

    def __post_init__(self) -> None:
        for key, name in (("name", self.name), ("store", self.store)):
            if not NAME.fullmatch(name):
                raise ValueError(f"{key}: expected {NAME_RULE}, got {name!r}")
        if self.language.partition("-")[0] not in displays.LANGUAGES:
            expected = f"one of {' '.join(displays.LANGUAGES)}, such as de or de-CH"
            raise ValueError(f"language: expected {expected}, got {self.language!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """The table ``[debounce]``: seconds a card must be out of sight to count as new."""

    same_symbol_timeout: Annotated[float, Field(ge=0, le=3600)] = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceCacheSettings:
    """The table ``[balance_cache]``: how many last known balances are kept, and for how many days; 0 keeps none."""

    max_customers: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    max_days: Annotated[float, Field(gt=0, le=366)] = 30.0


def _state_dir(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("STATE_DIRECTORY", "").partition(":")[0] or "/var/lib/scanner-daemon")
