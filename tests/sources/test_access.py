import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner_daemon.errors import DeviceAccessDenied, DeviceUnavailable
from scanner_daemon.sources.access import device_error, holders, owning_group
from tests.bystander import bystander


@pytest.fixture
def terminal() -> Iterator[str]:
    """A character device that this process holds."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_who_holds_a_device_is_told_by_name_and_number(terminal: str) -> None:
    command = Path("/proc/self/comm").read_text().strip()

    assert holders(terminal) == [f"{command} (pid {os.getpid()})"]


def test_a_link_to_a_device_has_the_same_holders(terminal: str, tmp_path: Path) -> None:
    link = tmp_path / "scanner"
    link.symlink_to(terminal)

    assert holders(str(link)) == holders(terminal)


def test_nobody_holds_what_is_not_there(tmp_path: Path) -> None:
    assert holders(str(tmp_path / "scanner")) == []


def test_missing_permission_names_the_group_that_has_it(terminal: str) -> None:
    error = device_error(OSError(errno.EACCES, ""), terminal, trying="open")

    assert isinstance(error, DeviceAccessDenied)
    assert f"Failed to open {terminal}: " in str(error)
    assert f"it belongs to group {owning_group(terminal)}: " in str(error)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EAGAIN])
def test_a_busy_device_names_who_has_it(terminal: str, number: int) -> None:
    error = device_error(OSError(number, ""), terminal, trying="open")

    assert isinstance(error, DeviceAccessDenied)
    assert f"(pid {os.getpid()})" in str(error)


def test_a_device_that_the_daemon_has_names_the_command_that_frees_it(terminal: str, tmp_path: Path) -> None:
    held = os.open(terminal, os.O_RDONLY | os.O_NOCTTY)
    with bystander("scanner-daemon", tmp_path, stdin=held):
        os.close(held)
        error = device_error(OSError(errno.EBUSY, ""), terminal, trying="open")

    assert "`systemctl stop scanner-daemon`" in str(error)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO])
def test_everything_else_is_a_device_to_wait_for(tmp_path: Path, number: int) -> None:
    error = device_error(OSError(number, ""), str(tmp_path / "scanner"), trying="open")

    assert isinstance(error, DeviceUnavailable)
    assert os.strerror(number) in str(error)
