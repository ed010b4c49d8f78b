"""Where secrets come from: a file, a systemd credential, the environment. Never the configuration itself."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr


def find(credential: str, given: object, *, base: Path, environ: Mapping[str, str]) -> SecretStr | None:
    """Return the secret called ``credential``, or ``None`` where nobody gives it.

    From the file ``given`` (relative to ``base``), else the systemd credential of that name (systemd.exec(5),
    ``LoadCredential=``), else the environment variable of that name in capitals.

    Raises ``ValueError`` when the file is named but holds no secret.
    """
    if given is not None:
        if not isinstance(given, str):
            raise ValueError("expected the path of a file, got something else")
        return _read_secret(base / given)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / credential).is_file():
        return _read_secret(Path(folder) / credential)
    value = environ.get(credential.upper(), "").strip()
    return SecretStr(value) if value else None


def _read_secret(path: Path) -> SecretStr:
    """Read the one line of ``path``. No message holds the path: people write the secret itself in its place."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError, and so is a path with a zero byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no text"
        raise ValueError(f"expected a readable file, got {reason.lower()}") from None
    if not text or "\n" in text:
        raise ValueError(f"expected a file with one line, got one with {len(text.splitlines())}")
    return SecretStr(text)
