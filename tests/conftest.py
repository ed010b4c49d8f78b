"""What all tests share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# CI tries the same examples each time, so that a change is judged by itself; everybody else's runs go on searching.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(autouse=True, scope="session")
def state_directory() -> Iterator[None]:
    """Lanes whose configuration names no ``state_dir`` keep their state here, and not where a real lane has its own."""
    real = Path("/var/lib/scanner-daemon")
    before = real.stat().st_mtime_ns if real.exists() else None
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("STATE_DIRECTORY", folder)
        yield
    assert (real.stat().st_mtime_ns if real.exists() else None) == before, f"a test wrote to {real}"
