"""What a shop decides about enrolling."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from scanner_daemon.enrolment.details import is_region


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentSettings:
    """The table ``[enrolment]``.

    ``default_region`` (ISO 3166-1, two capital letters) is where a mobile number without a country code belongs;
    without one such a number is a mistake. ``open_for`` is how long contact details are awaited, in seconds.
    """

    default_region: str | None = None
    open_for: Annotated[float, Field(gt=0, le=3600)] = 300.0

    def __post_init__(self) -> None:
        if self.default_region is not None and not is_region(self.default_region):
            raise ValueError(f"default_region: expected a region such as EG or DE, got {self.default_region!r}")
