"""Tell noise from data in what a serial line marked.

With ``PARMRK`` and ``INPCK`` set, the kernel sends a byte that came with a parity or framing error as ``FF 00 byte``,
a break as ``FF 00 00``, and a good ``FF`` as ``FF FF`` (POSIX.1-2017, 11.2.2 Input Modes).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_STEP: Final = re.compile(rb"(?P<data>[^\xff]+)|\xff(?P<good>\xff)|\xff(?:\x00.|[^\x00\xff])", re.DOTALL)


@dataclass(slots=True)
class ParityMarks:
    """Undoes the marks of one open line; a mark may be cut anywhere between two reads."""

    _cut: bytes = field(init=False, default=b"")

    def feed(self, marked: bytes) -> Iterator[bytes | None]:
        """Yield runs of good bytes, and ``None`` for each byte that is noise."""
        marked = self._cut + marked
        end = 0
        for step in _STEP.finditer(marked):
            end = step.end()
            yield step["data"] or step["good"]
        self._cut = marked[end:]
