"""One QEMU guest: started or restored, spoken to, saved, ended. Emulated (TCG), so it needs no root and no KVM."""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BufferedRWPair
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.host import LabError, finish
from tests.lab.image import Image

BOOT_LIMIT = 120.0
RESTORE_LIMIT = 60.0
MEMORY_MIB = 1024  # the root file system may fill half of it
KERNEL_ARGUMENTS = (
    "console=ttyS0 panic=-1 quiet random.trust_cpu=on"
    # What costs time and protects or tells nothing here; it is emulation that pays for it.
    " mitigations=off nokaslr init_on_alloc=0 lsm=capability audit=0 nowatchdog rcupdate.rcu_expedited=1"
    " tsc=reliable no_timer_check"
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
    """A running guest. ``snapshot`` is what :meth:`save` wrote; without one the guest boots.

    Guests on a snapshot share its memory and write to copies of their own: they are there at once. One that is
    ``savable`` has all its memory to itself.
    """

    image: Image
    snapshot: Path | None = None
    savable: bool = False
    cable: socket.socket = field(init=False)
    """The far end of the USB serial adapter's line."""
    _directory: Path = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)
    _monitor: Line = field(init=False)
    _agent: Line = field(init=False)

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="scanner-daemon-lab-"))
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, self._directory, ignore_errors=True)
            if self.savable and self.snapshot is not None:
                _copy_sparse(self.snapshot / "memory", self._directory / "memory")
            self._process = subprocess.Popen(self._command())
            undo.callback(self._end)
            self._monitor = Line(what="QEMU's monitor", connection=self._connected("monitor"))
            undo.callback(self._monitor.close)
            self._agent = Line(what="the guest's agent", connection=self._connected("agent"))
            undo.callback(self._agent.close)
            self.cable = self._connected("cable")
            undo.callback(self.cable.close)
            self._greet()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(LabError):
            self.monitor("quit")
        self._end()
        for line in (self._monitor, self._agent, self.cable):
            line.close()
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
        """Write the guest's whole state to the directory ``target``; it runs on afterwards. Only if ``savable``."""
        unfinished = target.with_suffix(".unfinished")
        unfinished.mkdir()
        self.monitor("stop")
        self.monitor("migrate", uri=f"exec:cat >'{unfinished}/devices'")
        self._until("completed", lambda: str(self.monitor("query-migrate")["status"]), f"saving {target}")
        _copy_sparse(self._directory / "memory", unfinished / "memory")
        unfinished.rename(target)
        self.monitor("cont")

    def _command(self) -> list[str]:
        place = self._directory
        shared = self.savable or self.snapshot is None
        memory = (place if shared or self.snapshot is None else self.snapshot) / "memory"
        command = f"""
            setpriv --pdeathsig KILL
            qemu-system-x86_64 -accel tcg,thread=single,tb-size=256 -cpu qemu64 -smp 1 -m {MEMORY_MIB}
            -object memory-backend-file,id=memory,size={MEMORY_MIB}M,mem-path={memory},share={"on" if shared else "off"}
            -machine pc,memory-backend=memory -nodefaults -no-user-config -display none -no-reboot
            -kernel {self.image.kernel} -initrd {self.image.initrd}
            -serial file:{place}/console.log -qmp unix:{place}/monitor,server=on,wait=off
            -device virtio-serial-pci -chardev socket,id=agent,path={place}/agent,server=on,wait=off
            -device virtserialport,chardev=agent,name=lab
            -chardev socket,id=cable,path={place}/cable,server=on,wait=off
            -device qemu-xhci,id=xhci
        """.split()
        return [*command, "-append", KERNEL_ARGUMENTS, *(("-incoming", "defer") if self.snapshot else ())]

    def _connected(self, name: str) -> socket.socket:
        """Connect to one of QEMU's sockets; it makes the file a moment before it listens."""
        until = time.monotonic() + 30
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(10)
            try:
                connection.connect(str(self._directory / name))
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
            else:
                return connection
            if self._process.poll() is not None or time.monotonic() > until:
                raise LabError(f"starting QEMU: expected it to run, got status {self._process.returncode}")
            time.sleep(0.01)

    def _greet(self) -> None:
        """Wait until the guest is there."""
        self._monitor.get(10)
        self.monitor("qmp_capabilities")
        memory_apart = [{"capability": "x-ignore-shared", "state": True}]  # it is in a file of its own
        self.monitor("migrate-set-capabilities", capabilities=memory_apart)
        if self.snapshot is None:
            self._await_boot()
            return
        self.monitor("migrate-incoming", uri=f"exec:cat '{self.snapshot}/devices'")
        self._until("running", lambda: str(self.monitor("query-status")["status"]), f"restoring {self.snapshot}")

    def _await_boot(self) -> None:
        try:
            self.agent("read_file", path="/proc/uptime", within=BOOT_LIMIT)
        except LabError as error:
            lines = self.console().splitlines()
            last = next((line for line in lines if "panic" in line), (lines or ["nothing"])[-1])
            raise LabError(f"the guest did not boot within {BOOT_LIMIT:.0f} s; its console says: {last}") from error

    def _until(self, wanted: str, ask: Callable[[], str], what: str) -> None:
        until = time.monotonic() + RESTORE_LIMIT
        while (status := ask()) != wanted:
            if status in {"failed", "postmigrate"} or time.monotonic() > until:
                raise LabError(f"{what}: expected QEMU to say {wanted}, it says {status}")
            if status == "paused":  # it was stopped when it was saved
                self.monitor("cont")
            time.sleep(0.01)

    def _end(self) -> None:
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _copy_sparse(source: Path, target: Path) -> None:
    copy = ("cp", "--sparse=always", "--reflink=auto", source, target)
    finish(f"copying a guest's memory to {target.parent}", copy, limit=120)
