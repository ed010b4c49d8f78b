"""What happened at the lane in the last hour, minute by minute, and its picture. Pure: minutes come in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from scanner_daemon.model import (
    LaneEvent,
    LookupFailed,
    MemberIdentified,
    ScanDiscarded,
    ScanPassedThrough,
    ScanRejected,
)

MINUTES: Final = 60

_COLUMN, _GAP, _HEIGHT = 12, 2, 160


class Fate(Enum):
    """What became of a scan; the order is that of the picture, from below."""

    PRODUCT = "for the till"
    MEMBER = "members shown"
    LAST_KNOWN = "last known balances shown"
    UNANSWERED = "cards without an answer"
    REFUSED = "refused"
    TORN = "torn"


@dataclass(slots=True)
class LastHour:
    """Counts by minute; ``minute`` is a number that grows by one each minute and never goes back."""

    _minutes: dict[int, Counter[Fate]] = field(default_factory=dict)

    def feed(self, event: LaneEvent, *, minute: int) -> None:
        """Count ``event``, if it is the end of a scan, and forget what is older than an hour."""
        fate = _fate(event)
        if fate is None:
            return
        if minute not in self._minutes:
            self._minutes = {old: counts for old, counts in self._minutes.items() if minute - old < MINUTES}
            self._minutes[minute] = Counter()
        self._minutes[minute][fate] += 1

    def counts(self, *, minute: int) -> list[Counter[Fate]]:
        """Return the counts of each of the last ``MINUTES`` minutes, the present one last."""
        return [self._minutes.get(one, Counter()) for one in range(minute - MINUTES + 1, minute + 1)]


def picture(counts: Sequence[Counter[Fate]]) -> str:
    """Return ``counts`` as a drawing (SVG) of one stacked column a minute; its classes are the names of the fates."""
    most = max(1, *(column.total() for column in counts))
    width = len(counts) * _COLUMN
    columns = "".join(_column(n, column, most, len(counts)) for n, column in enumerate(counts))
    return (
        f'<svg viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="Scans a minute in the last hour, at most {most}">'
        f'<path class="ground" d="M0 {_HEIGHT}H{width}"/>{columns}</svg>'
    )


def _column(number: int, counts: Counter[Fate], most: int, minutes: int) -> str:
    if not counts:
        return ""
    parts, top = [], float(_HEIGHT)
    for fate in Fate:
        if counts[fate]:
            height = counts[fate] * _HEIGHT / most
            top -= height
            place = f'x="{number * _COLUMN}" y="{top:.1f}" width="{_COLUMN - _GAP}" height="{height:.1f}"'
            parts.append(f'<rect class="{fate.name.lower()}" {place}/>')
    said = ", ".join(f"{counts[fate]} {fate.value}" for fate in Fate if counts[fate])
    return f"<g><title>{minutes - 1 - number} minutes ago: {said}</title>{''.join(parts)}</g>"


def _fate(event: LaneEvent) -> Fate | None:
    match event:
        case MemberIdentified(member=member):
            return Fate.LAST_KNOWN if member.stale else Fate.MEMBER
        case ScanPassedThrough():
            return Fate.PRODUCT
        case LookupFailed():
            return Fate.UNANSWERED
        case ScanRejected():
            return Fate.REFUSED
        case ScanDiscarded():
            return Fate.TORN
        case _:
            return None
