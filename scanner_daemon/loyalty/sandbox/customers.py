"""The customers of the sandbox's account."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

Points = Annotated[float, Field(allow_inf_nan=False)]


class Customer(BaseModel):
    """A customer and their points; in JSON the names are in camel case, as Gameball's are."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    customer_id: Annotated[str, Field(min_length=1, max_length=100)]
    display_name: str | None = None
    email: str | None = None
    mobile: str | None = None
    available_points: Points = 0.0
    pending_points: Points = 0.0
    next_expiring_points: Points = 0.0
    next_expiring_date: date | None = None
    total_earned_points: Points = 0.0
    created_at: Annotated[datetime, Field(default_factory=lambda: datetime.now(UTC))]


class Customers(Mapping[str, Customer]):
    """Customers by id, as this moment of the caller's clock sees them."""

    def __init__(self, customers: Iterable[Customer] = ()) -> None:
        self._customers = {customer.customer_id: customer for customer in customers}
        self._visible_from: dict[str, float] = {}

    def __getitem__(self, customer_id: str) -> Customer:
        return self._customers[customer_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._customers)

    def __len__(self) -> int:
        return len(self._customers)

    def put(self, customer: Customer, *, visible_from: float | None = None) -> None:
        """Add or replace ``customer``; new ones can be seen from ``visible_from`` on."""
        if visible_from is not None and customer.customer_id not in self._customers:
            self._visible_from[customer.customer_id] = visible_from
        self._customers[customer.customer_id] = customer

    def visible(self, customer_id: str, *, now: float) -> Customer | None:
        """Return the customer, unless there is none or they are too new to be seen."""
        return self._customers.get(customer_id) if now >= self._visible_from.get(customer_id, now) else None


def load_customers(file: Path) -> list[Customer]:
    """Read a JSON array of customers. Raises ``OSError``, or pydantic's ``ValidationError`` with every mistake."""
    return TypeAdapter(list[Customer]).validate_json(file.read_bytes())


def sample_customers(today: date) -> list[Customer]:
    """Return customers to try things with: the ids are EAN-13 numbers, each of another situation."""
    return [
        Customer(
            customer_id="0412345678903",
            display_name="John Doe",
            email="john@doe.com",
            mobile="+20123456789",
            available_points=1200,
            pending_points=300,
            next_expiring_points=200,
            next_expiring_date=today + timedelta(days=30),
            total_earned_points=2500,
        ),
        Customer(customer_id="0412345678910", display_name="Nobody's Points"),
        Customer(customer_id="0412345678927", available_points=91.25, total_earned_points=91.25),
        Customer(customer_id="0412345678934", pending_points=40, total_earned_points=40),
        Customer(
            customer_id="0412345678941",
            display_name="Zoë Müller-Lüdenscheidt",
            available_points=1_234_567,
            next_expiring_points=1,
            next_expiring_date=today,
            total_earned_points=2_000_000,
        ),
    ]
