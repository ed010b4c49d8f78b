"""Another program, for what tells which others there are."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bystander(name: str, folder: Path, *, stdin: int = subprocess.PIPE) -> Iterator[int]:
    """Run a program called ``name`` that only has ``stdin`` open; yield its process number.

    ``Popen`` returns some time before the kernel gives the process its new name, so this waits for its first line.
    """
    program = folder / name
    program.symlink_to("/bin/sh")
    with subprocess.Popen((program, "-c", "echo; read never"), stdin=stdin, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()
