"""What the local server serves, told to programs: ``GET /openapi.json`` (OpenAPI 3.1)."""

import json
from collections.abc import Collection
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH = "/openapi.json"


def route(served: Collection[str]) -> Route:
    """Return the route that describes the paths ``served``: a lane without a display has no page of it."""

    async def describe(_: Request) -> Response:
        return JSONResponse(description(served))

    return Route(PATH, describe)


def description(served: Collection[str]) -> dict[str, Any]:
    """Return the description of those paths in ``served`` that are the product's own."""
    whole: dict[str, Any] = json.loads(resources.files(__package__).joinpath("openapi.json").read_bytes())
    paths = {path: operations for path, operations in whole["paths"].items() if path in {*served, PATH}}
    return whole | {"paths": paths}
