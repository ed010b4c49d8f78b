"""Tell noise from data in what a serial line marked.

With ``PARMRK`` and ``INPCK`` set, the kernel sends a byte that came with a parity or framing error as ``FF 00 byte``,
a break as ``FF 00 00``, and a good ``FF`` as ``FF FF`` (POSIX.1-2017, 11.2.2 Input Modes).
"""

import re
from dataclasses import dataclass, field
from typing import Final

_STEP: Final = re.compile(
    rb"(?P<data>[^\xff]+)|\xff(?P<good>\xff)|(?P<cut>\xff\x00?\Z)|\xff(?:\x00.|[^\x00\xff])", re.DOTALL
)


@dataclass(slots=True)
class ParityMarks:
    """Undoes the marks of one open line; a mark may be cut anywhere between two reads."""

    _cut: bytes = field(init=False, default=b"")

    def feed(self, marked: bytes) -> list[bytes | None]:
        """Return runs of good bytes, and ``None`` for each byte that is noise."""
        if not self._cut and b"\xff" not in marked:  # as nearly always
            return [marked]
        steps = list(_STEP.finditer(self._cut + marked))
        self._cut = steps.pop()["cut"] if steps and steps[-1]["cut"] else b""
        return [step["data"] or step["good"] for step in steps]
