"""TLS for the local server: a certificate and its private key, from files that may be renewed."""

import os
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scanner_daemon.errors import DisplayError


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS 1.2 or newer with what the two files (PEM) held when it was last :meth:`renew`-ed."""

    context: ssl.SSLContext
    certificate: Path
    private_key: Path

    @classmethod
    def of(cls, certificate: Path, private_key: Path) -> Self:
        """Read the files. ``certificate`` begins with the server's own and goes on with those that vouch for it.

        Relative paths are those of systemd's credentials (systemd.exec(5), ``LoadCredential=``), where there are any.
        Raises ``DisplayError`` when they cannot be read or used, or others may read the key.
        """
        credentials = Path(os.environ.get("CREDENTIALS_DIRECTORY", ""))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        tls = cls(context, credentials / certificate, credentials / private_key)
        tls.renew()
        return tls

    def renew(self) -> None:
        """Read the files again, for connections from now on. Raises as :meth:`of`; then nothing has changed."""
        try:
            mode = stat.S_IMODE(self.private_key.stat().st_mode)
            if mode & stat.S_IRWXO:
                expected = f"{self.private_key} to be nobody else's to read"
                raise _failed(expected, f"mode {mode:04o}: chmod o= {self.private_key}, and make a new key")
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certificate, self.private_key)
            self.context.load_cert_chain(self.certificate, self.private_key)
        except OSError as error:  # ssl.SSLError is one
            expected = f"the certificate {self.certificate} and its private key {self.private_key}, in PEM"
            raise _failed(expected, str(error.strerror or error).lower()) from None


def _failed(expected: str, got: str) -> DisplayError:
    return DisplayError(f"Failed to serve the lane's pages over TLS: expected {expected}, got {got}")
