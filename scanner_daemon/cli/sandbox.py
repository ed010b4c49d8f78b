"""``scanner-daemon sandbox``: a Gameball-compatible server to develop and test against."""

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from scanner_daemon.cli import exits

if TYPE_CHECKING:
    from scanner_daemon.loyalty.sandbox import Customer, Sandbox

DEFAULT_PORT = 8765

_Failure: TypeAlias = Literal[
    "500",
    "503",
    "429",
    "401",
    "disabled",
    "concurrent",
    "inactive",
    "exists",
    "html",
    "empty",
    "half",
    "close",
    "lost-answer",
    "hang",
]
_Spelling: TypeAlias = Literal["documented", "misspelled"]
_NotFound: TypeAlias = Literal["7000", "4004", "bare"]
_CreateAnswer: TypeAlias = Literal["gameballId", "profile", "empty"]


def sandbox(
    *,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = DEFAULT_PORT,
    data: Annotated[
        Path | None, typer.Option(help="Members to start with: a JSON array of what GET /sandbox/customers/ID shows.")
    ] = None,
    latency: Annotated[
        float, typer.Option(metavar="MS", help="Milliseconds before each answer.", min=0, max=600_000)
    ] = 0.0,
    fail: Annotated[float, typer.Option(metavar="RATE", help="Share of requests that fail.", min=0, max=1)] = 0.0,
    failure: Annotated[_Failure, typer.Option(help="How they fail.")] = "500",
    seed: Annotated[int | None, typer.Option(help="Lets the same requests fail each time.")] = None,
    spelling: Annotated[_Spelling, typer.Option(help="How the answers spell 'available'.")] = "documented",
    not_found: Annotated[_NotFound, typer.Option(help="An unknown member's code, or a 404 without a body.")] = "7000",
    create_answer: Annotated[_CreateAnswer, typer.Option(help="What creating a member answers.")] = "gameballId",
    rate_limits: Annotated[bool, typer.Option(help="Whether the published rate limits hold.")] = True,
) -> None:
    """Run a Gameball-compatible server until Ctrl-C, to develop and test against."""
    from scanner_daemon.loyalty.sandbox import Sandbox, SandboxOptions

    options = SandboxOptions(
        latency=latency,
        fail_rate=fail,
        failure=failure,
        seed=seed,
        spelling=spelling,
        not_found=not_found,
        create_answer=create_answer,
        rate_limits=rate_limits,
    )
    server = Sandbox(port=port, options=options, customers=_customers(data) if data else None)
    try:
        asyncio.run(_serve(server))
    except OSError as error:
        exits.fail(f"cannot listen on port {port}: {_reason(error)}; choose another with --port, 0 takes a free one")


def _customers(file: Path) -> "list[Customer]":
    from pydantic import ValidationError

    from scanner_daemon.loyalty.sandbox.customers import load_customers

    try:
        return load_customers(file)
    except OSError as error:
        exits.fail(f"cannot read {file}: {_reason(error)}; --data expects a JSON file of members")
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, mistake['loc']))} {mistake['msg']}".strip() for mistake in error.errors())
        exits.fail(f"{file} is no JSON array of members: {'; '.join(mistakes)}")


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


async def _serve(sandbox: "Sandbox") -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with sandbox:
        typer.echo(_welcome(sandbox))
        await stopped.wait()


def _welcome(sandbox: "Sandbox") -> str:
    return f"""\
A sandbox Gameball listens at {sandbox.url}, for this machine only. Ctrl-C stops it.

  export GAMEBALL_API_KEY={sandbox.api_key} GAMEBALL_SECRET_KEY={sandbox.secret_key}   # any others will do too
  base_url = "{sandbox.url}"   # in [gameball]

Members: {", ".join(sandbox.customers)}
See and change what it does: GET and PATCH {sandbox.url}/sandbox/options
What it was asked:           GET and DELETE {sandbox.url}/sandbox/requests
Add a member:                PUT {sandbox.url}/sandbox/customers/ID"""
