"""A running guest as tests see it."""

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from tests.lab.machine import Machine

Found = TypeVar("Found")
PAUSE = 0.1  # asked more often, the guest's one processor would be busy with answers
PYTHON = "/opt/scanner-daemon/bin/python"


class Result(NamedTuple):
    """How a command in the guest ended; ``output`` is both streams."""

    status: int
    output: str


class Device(Protocol):
    """Something that can be plugged into a guest."""

    def attach(self, machine: Machine) -> None:
        """Plug it in."""

    def detach(self, machine: Machine) -> None:
        """Pull it out."""

    def nodes(self, guest: "Guest") -> list[str]:
        """Return the device nodes it has now, at least one when it is ready for use."""


Plugged = TypeVar("Plugged", bound=Device)


@dataclass(slots=True, kw_only=True)
class Background:
    """A command that runs in the guest beside the test."""

    machine: Machine
    process: int
    file: str

    def output(self) -> str:
        """Return what it has printed so far."""
        return str(self.machine.agent("read_file", path=self.file))

    def stop(self) -> None:
        """Kill it."""
        self.machine.agent("stop", process_group=self.process)


@dataclass(slots=True, kw_only=True)
class Guest:
    """A Debian machine with scanner-daemon installed. Times are in seconds."""

    machine: Machine
    _numbers: "itertools.count[int]" = field(init=False, default_factory=itertools.count)

    def plug(self, device: Plugged) -> Plugged:
        """Plug ``device`` in and return it once udev is done with its nodes."""
        self.attach(device)
        self.run("udevadm settle --timeout=20")
        return device

    def attach(self, device: Plugged) -> Plugged:
        """Plug ``device`` in and return it once the kernel has its nodes; what is done with them may take a while."""
        device.attach(self.machine)
        self.eventually(lambda: device.nodes(self), f"{device} has its nodes")
        return device

    def unplug(self, device: Device) -> None:
        """Pull ``device`` out; returns once the kernel has noticed."""
        device.detach(self.machine)
        self.eventually(lambda: not device.nodes(self), f"{device} has no nodes any more")

    def run(self, command: str, *, limit: float = 30) -> str:
        """Run a shell command as root and return what it printed. A status other than 0 fails the test."""
        status, output = self.attempt(command, limit=limit)
        assert status == 0, f"{command}: expected status 0, got {status}: {output}"
        return output.rstrip("\n")

    def attempt(self, command: str, *, limit: float = 30) -> Result:
        """Run a shell command as root, however it ends; status 124 when it took longer than ``limit``."""
        answer = self.machine.agent("run", command=command, limit=limit, within=limit + 20)
        return Result(answer["status"], answer["output"])

    def start(self, command: str) -> Background:
        """Start a shell command as root, beside the test."""
        file = f"/run/lab/background-{next(self._numbers)}"
        process = self.machine.agent("start", command=command, output=file)
        return Background(machine=self.machine, process=process, file=file)

    def put(self, path: str, content: str | bytes, *, mode: int = 0o644) -> None:
        """Write a file of root's."""
        data = content.encode() if isinstance(content, str) else content
        self.machine.agent("write_file", path=path, data=data.hex(), mode=mode)

    def read(self, path: str) -> str:
        """Return a file's text; empty when there is no such file."""
        return str(self.machine.agent("read_file", path=path))

    def find(self, folder: str, name: str) -> list[str]:
        """Return the paths below ``folder`` whose last part fits the pattern ``name``."""
        return list(self.machine.agent("find", folder=folder, name=name))

    def eventually(self, ask: Callable[[], Found], what: str, *, within: float = 15) -> Found:
        """Ask again and again until the answer is true, and return it. Fails the test after ``within`` seconds."""
        until = time.monotonic() + within
        while True:
            answer = ask()
            if answer:
                return answer
            assert time.monotonic() < until, f"expected within {within:g} s that {what}; last answer: {answer!r}"
            time.sleep(PAUSE)

    def properties(self, node: str) -> dict[str, str]:
        """Return what udev knows of a device node."""
        lines = self.run(f"udevadm info --query=property --name={node}").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def unit(self, *names: str, unit: str = "scanner-daemon.service") -> dict[str, str]:
        """Return properties of a systemd unit."""
        lines = self.run(f"systemctl show {unit} --property={','.join(names)}").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def holds(self, process: int, node: str) -> bool:
        """Return whether a process has a device node open."""
        return node in self.attempt(f"ls -l /proc/{process}/fd").output.split()

    def journal(self) -> str:
        """Return the end of the journal."""
        return self.attempt("journalctl --boot --no-pager --quiet --lines=60 --output=short-monotonic").output

    def console(self) -> str:
        """Return the end of what the kernel wrote on its console, without escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1bc|\r", "", self.machine.console())[-4000:]
