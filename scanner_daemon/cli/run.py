"""``scanner-daemon run``: the daemon in the foreground."""

import asyncio
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from scanner_daemon.cli.exits import fail, fail_on

if TYPE_CHECKING:
    from scanner_daemon.app import Lane

E = TypeVar("E", bound=BaseException)


def run(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("/etc/scanner-daemon/config.toml"),
) -> None:
    """Run the lane until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    Status 0 when stopped, 78 for a wrong configuration, 1 for the rest.
    """
    gc.disable()  # nothing that is imported is garbage
    with _without("rich"):
        from scanner_daemon import logs
        from scanner_daemon.errors import ConfigError
        from scanner_daemon.event_loop import new_event_loop

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a lane to reload
    logs.configure()
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_run(config))
    except ConfigError as error:
        fail_on(error)


async def _run(file: Path) -> None:
    """Load most of the daemon while its scanners prove that they are silent, then run the lane.

    Raises ``ConfigError`` for what is wrong before the lane runs.
    """
    with _without("rich"):
        from scanner_daemon.config import parse_config, read_document, scanners_in
        from scanner_daemon.sources.head_start import HeadStart

    document = read_document(file)
    begun = {one.name: HeadStart(one.source.build()) for one in scanners_in(document) if one.has_head_start}
    await asyncio.sleep(0)  # for each to open its device
    with _without("rich"):
        from scanner_daemon.app import Lane

    lane = Lane.from_config(parse_config(document, file=str(file), base=file.parent), begun=begun)
    gc.freeze()  # nor will it be: looking through all of it again would delay a scan by tens of milliseconds
    gc.enable()
    await until_stopped(lane, file)


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Have libraries do without ``module`` that would load it if they found it.

    For rich, structlog and httpx take a tenth of the start and 3 MiB: it draws on terminals, and here is none.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # "not found", by the language reference, 5.3.1
    try:
        yield
    finally:
        del sys.modules[module]


async def until_stopped(lane: "Lane", file: Path) -> None:
    """Run ``lane`` until a signal asks to stop; take ``file`` anew when one asks for that.

    Ends the command with a sentence when a part of it gives up.
    """
    from scanner_daemon.errors import ConfigError, ScannerDaemonError

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lane.stop)
    asked = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    reloading = asyncio.create_task(_reload_when(asked, lane, file), name="reload")
    try:
        await lane.run()
    except* ConfigError as group:
        fail_on(ConfigError([mistake for error in _leaves(group) for mistake in error.mistakes]))
    except* ScannerDaemonError as group:
        fail("; ".join(str(error) for error in _leaves(group)))
    finally:
        reloading.cancel()


async def _reload_when(asked: asyncio.Event, lane: "Lane", file: Path) -> None:
    """Have ``lane`` take each right configuration; a wrong one changes nothing."""
    import structlog

    from scanner_daemon.config import load_config
    from scanner_daemon.errors import ConfigError

    while True:
        await asked.wait()
        asked.clear()
        await lane.ready.wait()
        try:
            config = await asyncio.to_thread(load_config, file)
        except ConfigError as error:
            mistakes = [str(mistake) for mistake in error.mistakes]
            structlog.get_logger().error("configuration_not_reloaded", mistakes=mistakes)
        else:
            await lane.reload(config)


def _leaves(group: BaseExceptionGroup[E]) -> list[E]:
    """Return the exceptions in ``group``, however deep they lie."""
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
