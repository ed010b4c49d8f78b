"""Controlling a running sandbox over HTTP.

========================================  =====================================================================
``GET /sandbox/options``                  the options as they are
``PATCH /sandbox/options``                change some (JSON object); 422 with every mistake, and then none changes
``GET /sandbox/requests``                 the requests to the API, oldest first
``DELETE /sandbox/requests``              forget them
``GET /sandbox/customers/{id}``           one customer, also one too new to be seen; 404
``PUT /sandbox/customers/{id}``           add or replace one (JSON object, all but the id has defaults); 422
========================================  =====================================================================
"""

import json
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from scanner_daemon.loyalty.sandbox.customers import Customer
from scanner_daemon.loyalty.sandbox.service import Service


def control_routes(service: Service) -> list[BaseRoute]:
    """Return the routes below ``/sandbox``."""

    async def options(_: Request) -> Response:
        return JSONResponse(service.options.model_dump(mode="json"))

    async def change_options(request: Request) -> Response:
        try:
            service.change(**await _json_object(request))
        except ValidationError as error:
            return _mistakes(error)
        return await options(request)

    async def requests(_: Request) -> Response:
        return JSONResponse([asdict(entry) for entry in service.requests])

    async def forget_requests(_: Request) -> Response:
        service.requests.clear()
        return Response(status_code=204)

    async def customer(request: Request) -> Response:
        found = service.account.customers.get(request.path_params["customer_id"])
        return _customer(found) if found else JSONResponse({"error": "no such customer"}, status_code=404)

    async def put_customer(request: Request) -> Response:
        body = await _json_object(request)
        try:
            new = Customer.model_validate({**body, "customerId": request.path_params["customer_id"]})
        except ValidationError as error:
            return _mistakes(error)
        service.account.customers.put(new)
        return _customer(new)

    one = "/customers/{customer_id}"
    routes = [
        Route("/options", options, methods=["GET"]),
        Route("/options", change_options, methods=["PATCH"]),
        Route("/requests", requests, methods=["GET"]),
        Route("/requests", forget_requests, methods=["DELETE"]),
        Route(one, customer, methods=["GET"]),
        Route(one, put_customer, methods=["PUT"]),
    ]
    return [Mount("/sandbox", routes=routes)]


async def _json_object(request: Request) -> dict[str, Any]:
    """Return the request's body; anything but a JSON object as one with the mistake in it."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {"(body)": "no JSON object"}


def _customer(customer: Customer) -> Response:
    return JSONResponse(customer.model_dump(mode="json", by_alias=True))


def _mistakes(error: ValidationError) -> Response:
    found = [
        {"field": ".".join(map(str, mistake["loc"])), "mistake": mistake["msg"], "got": repr(mistake["input"])}
        for mistake in error.errors()
    ]
    return JSONResponse({"mistakes": found}, status_code=422)
