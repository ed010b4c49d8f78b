"""The keystroke firewall: what of a scanner's labels may be typed into the till. Pure.

A barcode holds whatever its maker wanted, and a till does what it is typed ("BadBarcode", PacSec 2015: Ctrl+O out of a
Code 128 symbol, then a file dialog, then a shell). Three layers stand between, each with a question of its own:

- :mod:`scanner_daemon.pipeline.safety` asks what may go *anywhere*, to Gameball and the event stream too. It is the
  same for all lanes, and no control character but GS comes past it.
- This module asks what may go *to the till*. It is set for each scanner and does not lean on the first: it names the
  characters that may pass, so that what it was not told of is refused.
- :mod:`scanner_daemon.pos.keystrokes` and the virtual keyboard have no other keys than those that type characters.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import Field

from scanner_daemon.model import RejectReason, Scan

GROUP_SEPARATOR: Final = "\x1d"
"""GS, the separator inside GS1 element strings (GS1 General Specifications, 7.8.3). No key types it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRules:
    """What one scanner may have typed: the table ``pass_through`` of a ``[[scanner]]``.

    ``allow`` lists characters and ranges such as ``0-9A-Z``, a hyphen first or last is one: all of printable ASCII by
    default, which is also the most. ``max_length`` is in characters, ``max_rate`` in labels within any one second.
    ``group_separator`` is typed in place of GS; with none, a label with a GS is refused. ``symbology_identifier`` has
    the identifier (ISO/IEC 15424) typed before the label as the scanner sent it, for a till that wants it.
    """

    allow: Annotated[str, Field(min_length=1)] = " -~"
    max_length: Annotated[int, Field(ge=1, le=1024)] = 256
    max_rate: Annotated[int, Field(ge=1, le=1000)] = 10
    group_separator: Annotated[str, Field(max_length=1)] = ""
    symbology_identifier: bool = False
    _allowed: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        allowed = _characters(self.allow)
        if allowed is None or not allowed <= _PRINTABLE:
            expected = "characters of printable ASCII and ranges of them such as 0-9A-Z"
            raise ValueError(f"allow: expected {expected}, got {self.allow!r}")
        if not allowed.issuperset(self.group_separator):
            raise ValueError(f"group_separator: expected a character in allow, got {self.group_separator!r}")
        object.__setattr__(self, "_allowed", allowed)

    def text(self, scan: Scan) -> str | RejectReason:
        """Return what may be typed for ``scan``, or why nothing may."""
        text = scan.scan_data_label
        if self.group_separator:
            text = text.replace(GROUP_SEPARATOR, self.group_separator)
        if self.symbology_identifier and scan.symbology_identifier is not None:
            text = f"{scan.symbology_identifier}{text}"
        return self.refusal(text) or text

    def refusal(self, text: str) -> RejectReason | None:
        """Return why ``text`` may not be typed, if so."""
        if len(text) > self.max_length:
            return RejectReason.TOO_LONG
        return None if self._allowed.issuperset(text) else RejectReason.UNSAFE_CHARACTERS


class Firewall:
    """Stands between a lane's decisions and the till; ``to_till`` is :meth:`scanner_daemon.ports.Till.type`.

    A scanner without ``rules`` of its own has the default ones.
    """

    def __init__(self, rules: Mapping[str, FirewallRules], *, to_till: Callable[[str], RejectReason | None]) -> None:
        self._rules = rules
        self._to_till = to_till
        self._default = FirewallRules()
        self._passed: dict[str, deque[float]] = {}

    def pass_on(self, scan: Scan) -> RejectReason | None:
        """Have ``scan`` typed; return why it was not. What is refused does not count towards the rate."""
        rules = self._rules.get(scan.scanner, self._default)
        text = rules.text(scan)
        if isinstance(text, RejectReason):
            return text
        passed = self._passed.setdefault(scan.scanner, deque(maxlen=rules.max_rate))
        if len(passed) == rules.max_rate and scan.at - passed[0] < 1.0:
            return RejectReason.TOO_FAST
        reason = self._to_till(text)
        if reason is None:
            passed.append(scan.at)
        return reason


_PRINTABLE: Final = frozenset(map(chr, range(0x20, 0x7F)))


def _characters(ranges: str) -> frozenset[str] | None:
    """Return the characters that ``ranges`` lists; ``None`` for a range that runs backwards."""
    found: set[str] = set()
    rest = ranges
    while rest:
        if len(rest) > 2 and rest[1] == "-":  # noqa: PLR2004  first, hyphen, last
            first, last, rest = rest[0], rest[2], rest[3:]
            if first > last:
                return None
            found.update(map(chr, range(ord(first), ord(last) + 1)))
        else:
            found.add(rest[0])
            rest = rest[1:]
    return frozenset(found)
