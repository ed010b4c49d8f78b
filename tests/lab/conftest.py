"""The hardware lab: a real kernel under the shipped product. It runs when named: ``python -m pytest tests/lab``."""

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.lab.guest import Guest
from tests.lab.host import LabError, LabUnavailableError, cache
from tests.lab.lane import Lane
from tests.lab.machine import Machine
from tests.lab.snapshots import Snapshots, snapshots_in_use
from tests.lab.till import Till

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave the lab out of runs that do not name it: they are to stay fast."""
    asked = any(
        (config.invocation_params.dir / arg.partition("::")[0]).resolve().is_relative_to(HERE) for arg in config.args
    )
    return None if asked else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit the tests' own time: what comes before has limits of its own."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(120, func_only=True))


@pytest.fixture(scope="session")
def snapshots(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Snapshots]:
    """What guests start from."""
    with_till = any("till" in item.fixturenames for item in request.session.items if isinstance(item, pytest.Function))
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def tell(step: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\nlab: {step}", end="", flush=True)  # noqa: T201  minutes without a word look like a hang

    with contextlib.ExitStack() as stack:
        try:
            taken = stack.enter_context(snapshots_in_use(cache(), tell, with_till=with_till))
        except LabUnavailableError as reason:
            raise pytest.skip.Exception(str(reason)) from None
        except LabError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield taken


@pytest.fixture
def guest(snapshots: Snapshots) -> Iterator[Guest]:
    """A fresh machine with the product installed and not yet configured."""
    with Machine(image=snapshots.image, snapshot=snapshots.installed) as machine:
        yield Guest(machine=machine)


@pytest.fixture
def lane(snapshots: Snapshots) -> Iterator[Lane]:
    """A fresh machine on which the daemon runs by ``lane.toml``, with the sandbox; nothing is plugged in."""
    with Machine(image=snapshots.image, snapshot=snapshots.lane) as machine:
        yield Lane(machine=machine)


@pytest.fixture
def till(snapshots: Snapshots) -> Iterator[Till]:
    """The same, and products are typed to a till."""
    with Machine(image=snapshots.image, snapshot=snapshots.till) as machine:
        yield Till(machine=machine)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the guest has to say about a failure."""
    report = yield
    if report.when == "call" and report.failed:
        for guest in (value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Guest)):
            report.sections.append(("guest's journal", guest.journal()))
            report.sections.append(("guest's console", guest.console()))
            if isinstance(guest, Lane):
                report.sections.append(("events", guest.read("/run/lab/events")))
                report.sections.append(("typed on the console", repr(guest.typed())))
    return report
