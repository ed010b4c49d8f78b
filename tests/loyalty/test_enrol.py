"""Gameball asked to make a member of a customer who told how to be reached; real HTTP to the sandbox."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scanner_daemon.errors import LoyaltyRefused
from scanner_daemon.loyalty.gameball import Gameball
from scanner_daemon.loyalty.sandbox import Sandbox
from scanner_daemon.model import Enrolment
from scanner_daemon.ports import EnrollingProgram

KNOWN = "0412345678903"
NEW = "0400000000077"
ENROLMENT = Enrolment(customer_id=NEW, display_name="Zoë", email="zoe@doe.com", mobile="+20123456789")

Programme = Callable[..., Gameball]


async def test_it_is_a_programme_that_enrols(programme: Programme) -> None:
    assert isinstance(programme(), EnrollingProgram)


@pytest.mark.parametrize("create", ["always", "never", "with-contact"])
async def test_an_unknown_customer_is_created_with_their_details(
    sandbox: Sandbox, programme: Programme, create: str
) -> None:
    sandbox.change(welcome_bonus=50)
    async with programme(create=create) as gameball:
        member = await gameball.enrol(ENROLMENT, patient=False)
        again = await gameball.enrol(ENROLMENT, patient=True)
    assert (member.created, again.created) == (True, False)
    assert member.balance is not None
    assert member.balance.available_points == 50
    customer = sandbox.customers[NEW]
    assert (customer.display_name, customer.email, customer.mobile) == ("Zoë", "zoe@doe.com", "+20123456789")
    assert [request.method for request in sandbox.requests] == ["GET", "POST", "GET", "GET"]


async def test_a_known_customer_is_left_as_they_are(sandbox: Sandbox, programme: Programme) -> None:
    before = sandbox.customers[KNOWN]
    async with programme() as gameball:
        member = await gameball.enrol(Enrolment(customer_id=KNOWN, email="thief@doe.com"), patient=True)
    assert not member.created
    assert sandbox.customers[KNOWN] == before
    assert [request.method for request in sandbox.requests] == ["GET"]


@pytest.mark.parametrize(("create", "creates"), [("always", True), ("never", False), ("with-contact", False)])
async def test_a_look_up_alone_creates_only_where_every_card_is_enrolled(
    sandbox: Sandbox, programme: Programme, create: str, creates: bool  # noqa: FBT001
) -> None:  # fmt: skip
    async with programme(create=create) as gameball:
        assert await gameball.find(NEW) is None
        assert (await gameball.get_or_create(NEW) is not None) == creates
    assert (NEW in sandbox.customers) == creates


async def test_who_is_not_to_be_seen_yet_has_no_balance(sandbox: Sandbox, programme: Programme) -> None:
    sandbox.change(visible_after=30.0)
    async with programme() as gameball:
        member = await gameball.enrol(ENROLMENT, patient=False)
    assert (member.created, member.balance) == (True, None)


async def test_a_number_that_no_request_can_carry_is_refused_unasked(sandbox: Sandbox, programme: Programme) -> None:
    async with programme() as gameball:
        with pytest.raises(LoyaltyRefused):
            await gameball.enrol(Enrolment(customer_id="a/b", email="a@doe.com"), patient=False)
    assert not sandbox.requests


# What is on the wire


@pytest.fixture
async def gameball_server() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A server that knows nobody, with what it was told to create."""
    told: list[dict[str, Any]] = []

    async def create(request: Request) -> Response:
        told.append(await request.json())
        return JSONResponse({"gameballId": 1})

    async def balance(_: Request) -> Response:
        return JSONResponse({"totalPointsBalance": 0} if told else {"code": 7000}, status_code=200 if told else 404)

    root = "/api/v4.0/integrations/customers"
    routes = [Route(root, create, methods=["POST"]), Route(f"{root}/{{id}}/balance", balance)]
    config = uvicorn.Config(Starlette(routes=routes), port=0, lifespan="off", log_level="error")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", told
    await server.shutdown()


@pytest.mark.parametrize("merge", [False, True])
async def test_contact_is_at_the_top_too_where_the_account_merges_by_it(
    gameball_server: tuple[str, list[dict[str, Any]]], programme: Programme, merge: bool  # noqa: FBT001
) -> None:  # fmt: skip
    url, told = gameball_server
    async with programme(base_url=url, merge_by_contact=merge) as gameball:
        await gameball.enrol(ENROLMENT, patient=False)
    contact = {"email": "zoe@doe.com", "mobile": "+20123456789"}
    attributes = {"displayName": "Zoë", **contact, "channel": "pos"}
    assert told == [{"customerId": NEW, **(contact if merge else {}), "customerAttributes": attributes}]
