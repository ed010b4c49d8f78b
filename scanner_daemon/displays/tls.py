"""Whom events are told to: they name customers, so nobody but this machine's own programs hears them without TLS."""

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from scanner_daemon.errors import DisplayError


def safe_address(url: str, *, secure: str, plain: str, expected: str) -> SplitResult:
    """Return the parts of ``url``, which has the scheme ``secure``, or ``plain`` where all stays on this machine.

    Raises ``ValueError("url: expected {expected}, got …")``, also for a user name in it, which would be a secret.
    """
    got = "one with a user name" if "@" in url else repr(url)
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not parts.fragment
    except ValueError:
        raise ValueError(f"url: expected {expected}, got {got}") from None
    safe = parts.scheme == secure or (parts.scheme == plain and _is_this_machine(str(parts.hostname)))
    clean = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc
    if not (usable and safe and clean):
        raise ValueError(f"url: expected {expected}, got {got}")
    return parts


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return who is trusted, by default the system's authorities; reading that takes a moment.

    Raises ``DisplayError`` where ``ca_file`` holds no certificates.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        got = error.strerror or str(error)
        raise DisplayError(f"Failed to read ca_file: expected certificates (PEM) in {ca_file}, got {got!r}") from error


def show_certificate(context: ssl.SSLContext, certificate_file: Path, key_file: Path | None) -> None:
    """Have ``context`` show a certificate of our own; its key is in ``key_file`` or beside it, and not encrypted.

    Raises ``DisplayError`` where they cannot be used.
    """
    try:
        context.load_cert_chain(certificate_file, key_file, password="")  # or the terminal would be asked for one
    except OSError as error:
        raise DisplayError(
            f"Failed to read certificate_file: expected a certificate (PEM) in {certificate_file} and its key, not "
            f"encrypted, in {key_file or 'the same file'}, got {error.strerror or str(error)!r}"
        ) from error


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
