"""Names for what happens: ULIDs (github.com/ulid/spec)."""

import os
import time
from typing import Final


def new_ulid() -> str:
    """Return 48 bits of milliseconds since 1970 and 80 random bits, as 26 characters of Crockford's base 32."""
    bits = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS: Final = range(120, -1, -10)
