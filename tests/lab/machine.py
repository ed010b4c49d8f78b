"""One QEMU guest: started or restored, spoken to, saved, ended. Emulated (TCG), so it needs no root and no KVM."""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from io import BufferedRWPair
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.host import LabError
from tests.lab.image import Image

BOOT_LIMIT = 120.0
RESTORE_LIMIT = 60.0
MEMORY_MIB = 1024  # the root file system may fill half of it
KERNEL_ARGUMENTS = (
    "console=ttyS0 panic=-1 quiet mitigations=off nokaslr random.trust_cpu=on tsc=reliable no_timer_check"
    " audit=0 apparmor=0"
)


class GuestRefusedError(LabError):
    """QEMU or the agent could not do what was asked."""


@dataclass(slots=True, kw_only=True)
class Line:
    """One JSON value a line over a unix socket: QEMU's monitor protocol, and the agent's."""

    what: str
    connection: socket.socket
    _file: BufferedRWPair = field(init=False)

    def __post_init__(self) -> None:
        self._file = self.connection.makefile("rwb")

    def put(self, value: object) -> None:
        """Send one value."""
        try:
            self._file.write(json.dumps(value).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise LabError(f"{self.what}: expected it to listen, got {error}") from error

    def get(self, limit: float) -> Any:
        """Receive one value within ``limit`` seconds."""
        self.connection.settimeout(limit)
        try:
            line = self._file.readline()
        except TimeoutError as error:
            raise LabError(f"{self.what}: expected an answer within {limit:.0f} s, none came") from error
        except OSError:
            line = b""
        if not line:
            raise LabError(f"{self.what}: expected an answer, the connection was closed")
        return json.loads(line)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._file.close()
        self.connection.close()


@dataclass(slots=True, kw_only=True)
class Machine:
    """A running guest. ``snapshot`` is the state to start from; without it the guest boots (11-20 s)."""

    image: Image
    snapshot: Path | None = None
    _directory: Path = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)
    _monitor: Line = field(init=False)
    _agent: Line = field(init=False)
    cable: socket.socket = field(init=False)
    """The far end of the USB serial adapter's line."""

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="scanner-daemon-lab-"))
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, self._directory, ignore_errors=True)
            self._process = subprocess.Popen(self._command())
            undo.callback(self._end)
            self._monitor = self._connect("QEMU's monitor", "monitor")
            undo.callback(self._monitor.close)
            self._agent = self._connect("the guest's agent", "agent")
            undo.callback(self._agent.close)
            self.cable = _connected(self._directory / "cable")
            undo.callback(self.cable.close)
            self._await_guest()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(LabError, OSError):
            self.monitor("quit")
        self._end()
        self._monitor.close()
        self._agent.close()
        self.cable.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def agent(self, function: str, *, within: float = 30.0, **arguments: object) -> Any:
        """Call one of the agent's functions (see ``inside/agent.py``)."""
        self._agent.put([function, arguments])
        answer = self._agent.get(within)
        if "error" in answer:
            raise GuestRefusedError(f"{function} {arguments}: {answer['error']}")
        return answer["result"]

    def monitor(self, command: str, **arguments: object) -> Any:
        """Give QEMU a command of its monitor protocol."""
        self._monitor.put({"execute": command, "arguments": arguments})
        while True:
            answer = self._monitor.get(30.0)
            if "error" in answer:
                raise GuestRefusedError(f"{command} {arguments}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def console(self) -> str:
        """Return what the guest wrote on its console."""
        return (self._directory / "console.log").read_text(errors="replace")

    def save(self, target: Path) -> None:
        """Write the guest's whole state to a file; it is stopped afterwards."""
        temporary = target.with_suffix(".tmp")
        self.monitor("stop")
        self.monitor("migrate-set-parameters", **{"max-bandwidth": 10 << 30})
        self.monitor("migrate", uri=f"exec:cat > '{temporary}'")
        until = time.monotonic() + RESTORE_LIMIT
        while (status := self.monitor("query-migrate").get("status")) != "completed":
            if status == "failed" or time.monotonic() > until:
                raise LabError(f"saving the guest to {target}: expected it to complete, it is {status}")
            time.sleep(0.05)
        temporary.rename(target)

    def _command(self) -> list[str]:
        place = self._directory
        command = f"""
            setpriv --pdeathsig KILL
            qemu-system-x86_64 -accel tcg,thread=multi -cpu qemu64 -smp 2 -m {MEMORY_MIB} -nodefaults -no-user-config
            -display none -no-reboot -kernel {self.image.kernel} -initrd {self.image.initrd}
            -serial file:{place}/console.log -qmp unix:{place}/monitor,server=on,wait=off
            -device virtio-serial-pci -chardev socket,id=agent,path={place}/agent,server=on,wait=off
            -device virtserialport,chardev=agent,name=lab
            -chardev socket,id=cable,path={place}/cable,server=on,wait=off
            -device qemu-xhci,id=xhci
        """.split()
        command += ["-append", KERNEL_ARGUMENTS]
        if self.snapshot is not None:
            command += ["-incoming", f"exec:cat '{self.snapshot}'"]
        return command

    def _connect(self, what: str, name: str) -> Line:
        path = self._directory / name
        until = time.monotonic() + 10
        while not path.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise LabError(f"starting QEMU: expected it to run, got status {self._process.returncode}")
            time.sleep(0.01)
        return Line(what=what, connection=_connected(path))

    def _await_guest(self) -> None:
        self._monitor.get(10)  # its greeting
        self.monitor("qmp_capabilities")
        if self.snapshot is None:
            try:
                self.agent("read_file", path="/proc/uptime", within=BOOT_LIMIT)
            except LabError as error:
                lines = self.console().splitlines()
                last = next((line for line in lines if "panic" in line), (lines or ["nothing"])[-1])
                raise LabError(f"the guest did not boot within {BOOT_LIMIT:.0f} s; its console says: {last}") from error
            return
        until = time.monotonic() + RESTORE_LIMIT
        while (status := self.monitor("query-status")["status"]) == "inmigrate":
            if time.monotonic() > until:
                raise LabError(f"restoring {self.snapshot}: expected it within {RESTORE_LIMIT:.0f} s")
            time.sleep(0.01)
        if status != "running":
            self.monitor("cont")

    def _end(self) -> None:
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(str(path))
    return connection
