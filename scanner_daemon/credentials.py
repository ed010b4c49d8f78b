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
            raise ValueError(f"expected the path of a file, got {given!r}")
        return _read_secret(base / given, given)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / credential).is_file():
        return _read_secret(Path(folder) / credential, credential)
    value = environ.get(credential.upper(), "").strip()
    return SecretStr(value) if value else None


def _read_secret(path: Path, shown: str) -> SecretStr:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no text"
        raise ValueError(f"expected a readable file, got {shown!r} ({reason.lower()})") from None
    if not text or "\n" in text:
        raise ValueError(f"expected a file with one line, got {shown!r} with {len(text.splitlines())}")
    return SecretStr(text)
