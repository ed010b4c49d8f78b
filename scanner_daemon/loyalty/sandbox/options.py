"""How the sandbox behaves: what Gameball leaves open, and what can go wrong."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Failure: TypeAlias = Literal[
    "500",  # code 5000
    "503",  # code 5003
    "429",  # too many requests
    "401",  # code 1000: the keys were rotated
    "disabled",  # 422, code 6000: Gameball is switched off for the account
    "concurrent",  # 422, code 2001: another request for this customer is at work
    "inactive",  # 422, code 3009: this customer may not be served
    "exists",  # 422, code 7001: created by somebody else in this moment
    "html",  # 200 and a page, as from a shop's Wi-Fi that wants a sign-in
    "empty",  # 200 and nothing
    "half",  # the connection ends in the middle of the answer
    "close",  # the connection ends instead of an answer; nothing was done
    "lost-answer",  # the same, but it was done
    "hang",  # no answer, ever
]


class SandboxOptions(BaseModel):
    """Everything that can be chosen. Unknown names and values are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # who may ask
    api_key: str | None = None
    """The one key that is right; ``None`` takes any."""
    secret_key: str | None = None
    missing_secret: Literal[1001, 1006] = 1001
    """The code for a request without SecretKey: the catalogue has one, a page of the reference the other."""

    # how the answers are spelt
    spelling: Literal["documented", "misspelled"] = "documented"
    """Of the available points: as in the reference, or ``avaliable…`` as live servers were seen to answer."""
    not_found: Literal["7000", "4004", "bare"] = "7000"
    """The answer for an unknown customer: 404 with either code, or without a body."""
    create_answer: Literal["gameballId", "profile", "empty"] = "gameballId"

    # the programme
    currency: str = "USD"
    points_name: str = "Reward Points"
    point_value: Annotated[float, Field(ge=0)] = 0.05
    """What a point is worth, in ``currency``."""
    welcome_bonus: Annotated[int, Field(ge=0)] = 0
    """Points a new customer has at once."""
    visible_after: Annotated[float, Field(ge=0)] = 0.0
    """Seconds until the balance of a new customer can be seen."""

    # what goes wrong
    latency: Annotated[float, Field(ge=0, le=600_000)] = 0.0
    """Milliseconds before each answer."""
    rate_limits: bool = True
    """Whether the published limits hold: customers GET 100/s and 1200/30 s, POST 30/s and 360/30 s."""
    retry_after: Annotated[int, Field(ge=0)] | None = None
    """Seconds told in ``Retry-After`` with 429 and 503; Gameball documents no such header."""
    down: bool = False
    """Every connection ends without an answer."""
    failure: Failure = "500"
    fail_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of requests that meet ``failure``."""
    fail_next: Annotated[int, Field(ge=0)] = 0
    """How many of the next requests meet ``failure`` for certain; counts down."""
    fail_on: Literal["any", "balance", "create"] = "any"
    seed: int | None = None
    """Makes the failures of ``fail_rate`` the same ones each time."""
