#!/usr/bin/python3
"""The lab's hand inside the guest.

One JSON request a line over a virtio-serial port, ``[function, arguments]``; one JSON answer a line,
``{"result": …}`` or ``{"error": …}``. It knows files and commands only: what they mean is the host's business.
"""

import fnmatch
import json
import os
import select
import signal
import subprocess
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

PORT = Path("/dev/virtio-ports/lab")
open_devices: set[int] = set()


def run(command: str, limit: float) -> dict[str, Any]:
    """Run a shell command; a command that outlives ``limit`` seconds is killed, status 124."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status = 124
    return {"status": status, "output": output.decode(errors="replace")}


def start(command: str, output: str) -> int:
    """Start a shell command in its own process group, its output in the file ``output``; return its process id."""
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    with Path(output).open("wb") as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process.pid


def stop(process_group: int) -> None:
    """End what :func:`start` began."""
    os.killpg(process_group, signal.SIGKILL)
    os.waitpid(process_group, 0)


def write_file(path: str, data: str, mode: int) -> None:
    """Write hexadecimal ``data`` to a file, making its directory."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(bytes.fromhex(data))
    Path(path).chmod(mode)


def read_file(path: str) -> str:
    """Return a file's text, empty when there is none yet."""
    try:
        return Path(path).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""


def find(folder: str, name: str) -> list[str]:
    """Return the paths below ``folder`` whose last part fits the pattern ``name``; folders may go while we look."""
    walk = os.walk(folder)
    return sorted(f"{here}/{entry}" for here, folders, files in walk for entry in fnmatch.filter(folders + files, name))


def configure(steps: list[list[str]]) -> None:
    """Make directories, attributes (hexadecimal) and links in a pseudo file system such as configfs."""
    for verb, path, *rest in steps:
        match verb:
            case "mkdir":
                Path(path).mkdir(parents=True, exist_ok=True)
            case "write":
                Path(path).write_bytes(bytes.fromhex(rest[0]))
            case "link":
                Path(path).symlink_to(rest[0])
            case _:
                raise ValueError(f"expected mkdir, write or link, got {verb!r}")


def open_device(path: str) -> int:
    """Open a device node for writing and keep it open; a terminal passes bytes as they are."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    if os.isatty(descriptor):
        tty.setraw(descriptor)
    open_devices.add(descriptor)
    return descriptor


def write_device(writes: list[tuple[int, str]], gap: float) -> None:
    """Write hexadecimal reports to open devices in order, ``gap`` seconds apart."""
    for descriptor, data in writes:
        if not select.select([], [descriptor], [], 5)[1]:
            raise TimeoutError("the device took no report for 5 s")
        os.write(descriptor, bytes.fromhex(data))
        time.sleep(gap)


def read_device(descriptor: int) -> str:
    """Return what an open device has for us now, hexadecimal; empty when there is nothing."""
    data = b""
    while select.select([descriptor], [], [], 0)[0]:
        data += os.read(descriptor, 4096)
    return data.hex()


def close_device(descriptor: int) -> None:
    """Close what :func:`open_device` opened."""
    open_devices.remove(descriptor)
    os.close(descriptor)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        run,
        start,
        stop,
        write_file,
        read_file,
        find,
        configure,
        open_device,
        write_device,
        read_device,
        close_device,
    )
}


def answer(line: bytes) -> bytes:
    """Do one request."""
    try:
        name, arguments = json.loads(line)
        reply = {"result": FUNCTIONS[name](**arguments)}
    except Exception as error:  # noqa: BLE001  whatever it was, the host must hear of it
        reply = {"error": f"{type(error).__name__}: {error}"}
    return json.dumps(reply).encode() + b"\n"


def main() -> None:
    """Answer requests for as long as the guest lives."""
    while not PORT.exists():
        time.sleep(0.02)
    port = os.open(PORT, os.O_RDWR)
    buffer = b""
    while True:
        chunk = os.read(port, 65536)
        if not chunk:  # nobody at the host's end: the guest is being restored
            time.sleep(0.02)
        buffer += chunk
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            reply = answer(line)
            while reply:
                reply = reply[os.write(port, reply) :]


if __name__ == "__main__":
    main()
