"""Where secrets come from: a file, a systemd credential, the environment, the lane itself. Never its configuration."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from scanner_daemon.errors import ConfigError, Mistake


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


def kept_token(state_dir: Path) -> SecretStr:
    """Return the lane's token, made at the first start, so that the addresses of its pages stay the same.

    Raises ``ConfigError`` when ``state_dir`` cannot keep it.
    """
    file, new = state_dir / "token", state_dir / "token.new"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(32), encoding="utf-8")
            new.replace(file)
        token = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        got = f"{state_dir} ({(error.strerror or str(error)).lower()})"
        expected = "a directory of our own to keep the server's token in, or token_file in [server]"
        raise ConfigError([Mistake(file="", key="lane.state_dir", expected=expected, got=got)]) from None
    return SecretStr(token)


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
