"""What ``scanner-daemon doctor`` finds."""

from dataclasses import dataclass

SERVICE = "scanner-daemon"
"""The daemon's user, group and unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: well without a ``cure``, else what is wrong and what mends it, a sentence each."""

    check: str
    detail: str
    cure: str = ""

    @property
    def well(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.cure
