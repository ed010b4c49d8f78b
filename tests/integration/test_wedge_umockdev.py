"""Runs the tests in ``umockdev/`` where there is a mocked kernel: in a process of their own, under a wrapper."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]


@pytest.mark.skipif(
    shutil.which("umockdev-wrapper") is None, reason="umockdev is not installed: apt-get install umockdev"
)
@pytest.mark.parametrize("tests", sorted((HERE / "umockdev").glob("test_*.py")), ids=lambda path: path.stem)
def test_with_a_mocked_kernel(tests: Path) -> None:
    pytest_there = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "--timeout=20", str(tests))
    run = subprocess.run(
        ("umockdev-wrapper", *pytest_there), cwd=PROJECT, capture_output=True, text=True, timeout=100, check=False
    )

    if run.returncode != 0:  # what the other pytest says is the failure
        pytest.fail(f"{run.stdout}\n{run.stderr}", pytrace=False)
