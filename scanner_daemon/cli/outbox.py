"""``scanner-daemon outbox``: what the loyalty programme does not have yet, for a person to see and to mend."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner_daemon.config import Config
    from scanner_daemon.loyalty.outbox import Entry, Outbox
    from scanner_daemon.model import Enrolment

_File: TypeAlias = Annotated[Path, typer.Option("--config", help="The configuration file.")]
_Number: TypeAlias = Annotated[int, typer.Argument(metavar="N", help="Its number in the list.")]
_DEFAULT = Path("/etc/scanner-daemon/config.toml")
_TRIED_AGAIN = "it is tried again within half a minute, where the daemon runs"


def outbox() -> typer.Typer:
    """Return the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="See and mend enrolments that the programme does not have yet.")
    for command in (show, mend, resend, drop):
        group.command()(command)
    group.command(name="list")(list_)
    return group


def list_(
    *, config: _File = _DEFAULT, as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False
) -> None:
    """List what waits and what was refused, the oldest first; numbers of customers are masked."""
    from scanner_daemon.model import masked, timestamp

    with _opened(config) as (box, _):
        for entry in box.entries():
            label, at = masked(entry.enrolment.customer_id), timestamp(entry.accepted_at)
            if as_json:
                said = {"number": entry.number, "label": label, "accepted_at": at, "refused": entry.refused}
                typer.echo(json.dumps(said, ensure_ascii=False))
            else:
                typer.echo(f"{entry.number}  {at}  {label}  {entry.refused or 'waits'}")


def show(number: _Number, config: _File = _DEFAULT) -> None:
    """Print one with all its details, as JSON."""
    with _opened(config) as (box, _):
        typer.echo(json.dumps(_details(_entry(box, number)), indent=2, ensure_ascii=False))


def mend(
    number: _Number,
    *,
    customer_id: Annotated[str | None, typer.Option(help="Another number.")] = None,
    display_name: Annotated[str | None, typer.Option(help="Another name; '' for none.")] = None,
    email: Annotated[str | None, typer.Option(help="Another e-mail address; '' for none.")] = None,
    mobile: Annotated[str | None, typer.Option(help="Another mobile number; '' for none.")] = None,
    config: _File = _DEFAULT,
) -> None:
    """Change details of a refused one and let it be tried again."""
    given = {"customer_id": customer_id, "display_name": display_name, "email": email, "mobile": mobile}
    told = {name: value for name, value in given.items() if value is not None}
    with _opened(config) as (box, settings):
        entry = _refused(box, number)
        if box.mend(number, _mended(entry, told, settings)):
            typer.echo(f"{number} is mended; {_TRIED_AGAIN}")


def resend(number: _Number, config: _File = _DEFAULT) -> None:
    """Let a refused one be tried again as it is."""
    with _opened(config) as (box, _):
        _refused(box, number)
        if box.resend(number):
            typer.echo(f"{number} waits again; {_TRIED_AGAIN}")


def drop(number: _Number, config: _File = _DEFAULT) -> None:
    """Give one up, for good: this customer will not become a member through it."""
    with _opened(config) as (box, _):
        _entry(box, number)
        if box.drop(number):
            typer.echo(f"{number} is dropped")


@contextmanager
def _opened(config: Path) -> "Iterator[tuple[Outbox, Config]]":
    """Give the outbox of the lane that ``config`` is of; end the command with a sentence where that cannot be."""
    from scanner_daemon.app import outbox_of
    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError, StorageError

    try:
        settings = load_config(config, require_secrets=False)
        box = outbox_of(settings)
        yield box, settings
        box.close()
    except ConfigError as error:
        fail_on(error)
    except StorageError as error:
        fail(str(error))


def _entry(box: "Outbox", number: int) -> "Entry":
    entry = next((entry for entry in box.entries() if entry.number == number), None)
    if entry is None:
        fail(f"no enrolment {number} in {box.file}; 'scanner-daemon outbox list' shows those there are")
    return entry


def _refused(box: "Outbox", number: int) -> "Entry":
    entry = _entry(box, number)
    if entry.refused is None:
        fail(f"enrolment {number} was not refused: it waits, and is tried again and again")
    return entry


def _mended(entry: "Entry", told: dict[str, str], settings: "Config") -> "Enrolment":
    from scanner_daemon.enrolment.details import Details, read_details

    before = {name: value for name, value in _details(entry).items() if name in _TOLD}
    details = read_details({**before, **told}, default_region=settings.enrolment.default_region)
    if not isinstance(details, Details):
        fail("; ".join(str(mistake) for mistake in details), status=2)
    return details.of(details.customer_id or entry.enrolment.customer_id, scanner=entry.enrolment.scanner)


_TOLD = ("customer_id", "display_name", "email", "mobile")


def _details(entry: "Entry") -> dict[str, object]:
    from scanner_daemon.model import timestamp

    return {
        "number": entry.number,
        "customer_id": entry.enrolment.customer_id,
        "display_name": entry.enrolment.display_name,
        "email": entry.enrolment.email,
        "mobile": entry.enrolment.mobile,
        "scanner": entry.enrolment.scanner,
        "enrolment": entry.enrolment_id,
        "accepted_at": timestamp(entry.accepted_at),
        "refused": entry.refused,
    }
