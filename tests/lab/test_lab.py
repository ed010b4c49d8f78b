"""The lab itself: what goes wrong is said in one sentence, and nothing hangs."""

import time
from pathlib import Path

import pytest

from tests.lab.host import LabError, finish
from tests.lab.image import Image
from tests.lab.machine import Machine
from tests.lab.snapshots import Snapshots


def test_a_package_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"^apt-get download: expected status 0, got 100: E: .*no-such-package"):
        finish("apt-get download", ("apt-get", "download", "no-such-package"), limit=60, cwd=tmp_path)


def test_a_step_that_hangs_is_ended() -> None:
    started = time.monotonic()
    with pytest.raises(LabError, match=r"^waiting: expected it to end within 1 s, it did not$"):
        finish("waiting", ("sleep", "60"), limit=1)
    assert time.monotonic() - started < 10


def test_a_guest_that_does_not_boot_is_told(snapshots: Snapshots, tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").symlink_to(snapshots.image.kernel)
    (tmp_path / "initrd.cpio").write_bytes(b"")
    broken = Image(directory=tmp_path, key="broken")
    with pytest.raises(LabError, match=r"^the guest did not boot.*Kernel panic"), Machine(image=broken):
        pass
