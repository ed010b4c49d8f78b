"""Numbers against the real Gameball adapter and a real server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from scanner_daemon.errors import IssuingError
from scanner_daemon.issuing.issuer import Issuer
from scanner_daemon.issuing.ledger import Ledger
from scanner_daemon.issuing.recipe import Recipe
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.sandbox import Customer, Sandbox
from scanner_daemon.pipeline import CardScheme
from scanner_daemon.pipeline.cards import PatternCard
from scanner_daemon.pipeline.check_digits import CheckDigit

PLASTIC = PatternCard(name="plastic", pattern=r"04\d{11}", check_digit=CheckDigit.EAN)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def make(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Callable[..., Issuer]]:
    """Make an issuer on one ledger; one made later is the lane started again."""
    async with Gameball(
        base_url=sandbox.url,
        api_key=SecretStr(sandbox.api_key),
        secret_key=SecretStr(sandbox.secret_key),
        create="never",
        lookup_timeout=2.0,
    ) as programme:

        def issuer(recipe: Recipe | None = None, schemes: tuple[CardScheme, ...] = (PLASTIC,)) -> Issuer:
            ledger = Ledger(file=tmp_path / "cards.db")
            recipe = recipe or Recipe(order="sequence")
            return Issuer(recipe=recipe, ledger=ledger, schemes=schemes, find=programme.get_or_create, stock=2)

        yield issuer


async def test_numbers_are_issued_once(make: Callable[..., Issuer]) -> None:
    first = [await make().issue() for _ in range(3)]
    assert first == ["0400000000015", "0400000000022", "0400000000039"]


async def test_random_numbers_are_taken_back(make: Callable[..., Issuer]) -> None:
    issuer = make(Recipe())
    issued = [await issuer.issue() for _ in range(20)]
    assert len(set(issued)) == 20
    assert all(PLASTIC.check_digit.holds(number) and number.startswith("04") for number in issued)


async def test_many_at_once_are_all_different(make: Callable[..., Issuer]) -> None:
    one, other = make(), make()
    issued = await asyncio.gather(*(issuer.issue() for issuer in (one, other) for _ in range(10)))
    assert len(set(issued)) == 20


async def test_a_number_gameball_knows_is_never_issued(make: Callable[..., Issuer], sandbox: Sandbox) -> None:
    sandbox.customers.put(Customer(customer_id="0400000000015"))
    assert await make().issue() == "0400000000022"
    assert await make().issue() == "0400000000039"
    assert all(request.method == "GET" for request in sandbox.requests)


async def test_no_number_while_gameball_cannot_be_asked(make: Callable[..., Issuer], sandbox: Sandbox) -> None:
    sandbox.change(fail_next=50)
    with pytest.raises(IssuingError, match="anybody's already"):
        await make().issue()
    sandbox.change(fail_next=0)
    assert await make().issue() == "0400000000022"  # the first may be somebody's: it stays claimed


async def test_the_stock_serves_customers_while_gameball_is_down(make: Callable[..., Issuer], sandbox: Sandbox) -> None:
    issuer = make()
    await issuer.restock()
    sandbox.change(fail_next=1000)
    assert await issuer.issue() == "0400000000015"
    assert await issuer.issue() == "0400000000022"
    with pytest.raises(IssuingError, match="anybody's already"):
        await issuer.issue()


async def test_a_stocked_number_that_became_a_members_is_struck(make: Callable[..., Issuer], sandbox: Sandbox) -> None:
    issuer = make()
    await issuer.restock()
    sandbox.customers.put(Customer(customer_id="0400000000015"))
    assert await issuer.issue() == "0400000000022"


async def test_numbers_no_card_scheme_takes_are_refused_with_an_example(make: Callable[..., Issuer]) -> None:
    issuer = make(schemes=(PatternCard(name="other", pattern=r"29\d{11}"),))
    with pytest.raises(IssuingError, match="expected numbers such as 0400000000015 as ean13"):
        await issuer.issue()


async def test_used_up_numbers_are_told(make: Callable[..., Issuer]) -> None:
    short = Recipe(scheme="number", prefix="M", digits=3, order="sequence", first=998)
    issuer = make(short, (PatternCard(name="short", pattern=r"M\d{3}"),))
    assert [await issuer.issue(), await issuer.issue()] == ["M998", "M999"]
    with pytest.raises(IssuingError, match="whether the numbers are used up"):
        await issuer.issue()
