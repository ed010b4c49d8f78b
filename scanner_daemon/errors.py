"""What can go wrong, as a tree.

::

    ScannerDaemonError
    ├── ConfigError                 never retried; exit status 78
    ├── DeviceError
    │   ├── DeviceUnavailable       absent or unplugged: wait and try again
    │   └── DeviceAccessDenied      permission, or claimed by another: try again slowly, name the cure
    ├── LoyaltyError
    │   ├── LoyaltyUnavailable      no connection, time-out, 5xx, 429: try again inside the time budget
    │   ├── LoyaltyRefused          any other 4xx: never tried again
    │   ├── LoyaltyMisconfigured    keys or account: stop asking, tell a person
    │   └── LoyaltyProtocolError    an answer we do not understand
    ├── StorageError                what was to be kept could not be written, or not be read
    ├── DisplayError
    ├── IssuingError                no new card number can be found
    └── PrinterError

Expected outcomes (a duplicate scan, an unknown card) are values, not exceptions: see :mod:`scanner_daemon.model`.
Every message says what was tried, what was expected and what came, and holds no secret and no whole customer id.
"""

from dataclasses import dataclass
from typing import ClassVar


class ScannerDaemonError(Exception):
    """Root of every error this package raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a configuration: where it is, what was expected, what is there, and the likely cure."""

    file: str
    key: str
    expected: str
    got: str
    did_you_mean: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.did_you_mean!r}?)" if self.did_you_mean else ""
        place = ": ".join(part for part in (self.file, self.key) if part)
        return f"{place}: expected {self.expected}, got {self.got}{hint}"


class ConfigError(ScannerDaemonError):
    """A configuration that cannot be run; carries every mistake found in it, not only the first."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class DeviceError(ScannerDaemonError):
    """A scanner or display that cannot be used now."""


class DeviceUnavailable(DeviceError):  # noqa: N818  the design's name: a state, told as such
    """The device is absent or was unplugged."""


class DeviceAccessDenied(DeviceError):  # noqa: N818
    """The device is there but not ours: permissions, or another program holds it."""


class LoyaltyError(ScannerDaemonError):
    """A look-up that gave no member; ``reason`` is what the ``lookup_failed`` event says."""

    reason: ClassVar[str] = "unavailable"


class LoyaltyUnavailable(LoyaltyError):  # noqa: N818
    """No connection, no answer in time, or an answer that asks to come again later.

    ``retry_after`` is in how many seconds, where the answer says so.
    """

    reason = "unavailable"

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class LoyaltyRefused(LoyaltyError):  # noqa: N818
    """The programme understood the question and says no; asking again changes nothing."""

    reason = "refused"


class LoyaltyMisconfigured(LoyaltyError):  # noqa: N818
    """Keys, version or account are wrong; every further question would be wrong too."""

    reason = "misconfigured"


class LoyaltyProtocolError(LoyaltyError):
    """An answer that cannot be understood."""

    reason = "protocol"


class StorageError(ScannerDaemonError):
    """What was to be kept could not be written, or what was kept could not be read."""


class DisplayError(ScannerDaemonError):
    """A display that cannot show what it was told."""


class IssuingError(ScannerDaemonError):
    """No new card number can be found."""


class PrinterError(ScannerDaemonError):
    """A card that cannot be printed."""
