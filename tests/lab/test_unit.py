"""The systemd unit: readiness, watchdog, stop, and what the daemon cannot do."""

import re
import time

import pytest

from tests.lab.guest import Guest
from tests.lab.lane import Lane
from tests.lab.scanners import UsbScanner

PRODUCT = "4006381333931"
CGROUP = "/sys/fs/cgroup/system.slice/scanner-daemon.service/cgroup.procs"


def all_kinds_online(lane: Lane) -> UsbScanner:
    """Plug in a scanner of all kinds of interfaces and wait until the daemon has its keyboard."""
    return lane.online(UsbScanner(interfaces=("keyboard", "hid-pos", "cdc-acm")))


def test_the_daemon_says_when_it_is_ready_and_how_it_is(lane: Lane) -> None:
    assert lane.unit("Type", "ActiveState") == {"Type": "notify", "ActiveState": "active"}
    assert lane.unit("StatusText")["StatusText"].startswith("0 of 10 scanners online")
    all_kinds_online(lane)
    lane.eventually(lambda: lane.unit("StatusText")["StatusText"].startswith("1 of 10"), "the status line tells of it")


def test_the_daemon_runs_unprivileged(lane: Lane) -> None:
    status = dict(line.split(":\t", 1) for line in lane.read(f"/proc/{lane.main_process()}/status").splitlines())
    user, group = lane.run("id --user scanner-daemon; id --group scanner-daemon").split()
    assert set(status["Uid"].split()) == {user}
    assert set(status["Gid"].split()) == {group}
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert lane.run("stat --format='%U %a' /var/lib/scanner-daemon") == "scanner-daemon 700"


def test_a_hung_daemon_is_killed_the_scanner_is_free_in_time_and_the_daemon_comes_back(lane: Lane) -> None:
    scanner = all_kinds_online(lane)
    hung = lane.main_process()
    lane.run(f"kill -STOP {hung}")
    stopped = time.monotonic()
    while not lane.typed():
        assert time.monotonic() < stopped + 11, "the unit says: the till has its scanner back within 11 seconds"
        scanner.type("1\n")
    lane.expect("scanner_online", scanner="counter", within=60)
    scanner.type(f"{PRODUCT}\n")
    lane.expect("scan_passed_through", label=PRODUCT)
    assert lane.main_process() not in {0, hung}
    assert lane.unit("NRestarts", "ActiveState") == {"NRestarts": "1", "ActiveState": "active"}


def test_a_stop_is_clean_and_gives_the_scanner_back(lane: Lane) -> None:
    scanner = all_kinds_online(lane)
    started = time.monotonic()
    lane.run("systemctl stop scanner-daemon")
    assert time.monotonic() - started < 10
    assert lane.unit("ActiveState", "Result", "ExecMainStatus") == {
        "ActiveState": "inactive",
        "Result": "success",
        "ExecMainStatus": "0",
    }
    scanner.type(f"{PRODUCT}\n")
    lane.eventually(lambda: lane.typed() == f"{PRODUCT}\n", "the console gets the scan")


def test_a_wrong_configuration_is_not_tried_again(guest: Guest) -> None:
    guest.put("/etc/scanner-daemon/config.toml", "[lane]\nnmae = 1\n")
    assert guest.attempt("systemctl start scanner-daemon", limit=60).status != 0
    assert guest.unit("ActiveState", "ExecMainStatus", "NRestarts") == {
        "ActiveState": "failed",
        "ExecMainStatus": "78",
        "NRestarts": "0",
    }
    assert "nmae" in guest.journal()


def test_the_device_policy_lets_scanners_through_and_nothing_else(lane: Lane) -> None:
    scanner = all_kinds_online(lane)

    def attempt(node: str) -> str:
        """Open a node as root would, within the daemon's control group."""
        return lane.attempt(f"sh -c 'echo $$ >{CGROUP} && : <{node}'").output

    # The ports are not ours to open a second time, but that is the port's word, not the policy's.
    for interface in ("keyboard", "hid-pos", "cdc-acm"):
        assert "not permitted" not in attempt(scanner.node(lane, interface))
    assert "not permitted" not in lane.attempt(f"sh -c 'echo $$ >{CGROUP} && : >/dev/uinput'").output
    for node in ("/dev/uinput", "/dev/uhid", "/dev/tty1", "/dev/vcs1", "/dev/mem", "/dev/kmsg", "/dev/hidg0"):
        assert "Operation not permitted" in attempt(node)


def test_the_unit_exposes_little(lane: Lane, capsys: pytest.CaptureFixture[str]) -> None:
    overall = lane.run("systemd-analyze security --no-pager scanner-daemon.service").splitlines()[-1]
    with capsys.disabled():
        print(f"\n{overall}")  # noqa: T201  the figure is wanted in the test's output
    exposure = re.search(r": (\d+\.\d) ", overall)
    assert exposure is not None, overall
    assert float(exposure[1]) <= 1.3
