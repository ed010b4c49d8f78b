"""A certificate authority of our own, by the program openssl."""

import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import pytest

_NEW_KEY: Final = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


class Certificate(NamedTuple):
    """Where a certificate and its key are (PEM)."""

    file: Path
    key: Path


class Authority:
    """Issues certificates into ``folder``; skips the test where there is no openssl."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = self._made("authority", "-addext", "basicConstraints=critical,CA:TRUE")

    @property
    def file(self) -> Path:
        """Return its own certificate: who trusts it trusts what it issued."""
        return self._own.file

    def issue(self, name: str) -> Certificate:
        """Return a new certificate of this machine's addresses, or of a client."""
        signer = ("-CA", str(self._own.file), "-CAkey", str(self._own.key))
        return self._made(
            name, *signer, "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
        )  # fmt: skip

    def _made(self, name: str, *options: str) -> Certificate:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl here: install the package openssl")
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        places = ("-subj", f"/CN={name}", "-keyout", str(made.key), "-out", str(made.file))
        subprocess.run((openssl, *_NEW_KEY, *places, *options), check=True, capture_output=True)
        return made
