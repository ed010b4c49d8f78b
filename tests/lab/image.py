"""The guest's image: a Debian kernel and one initramfs with the whole system, made once and kept."""

import hashlib
import lzma
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.lab.host import CHECKOUT, LabError, LabUnavailableError, finish, need_programs

INSIDE = Path(__file__).parent / "inside"
FIXED = {"LC_ALL": "C", "SOURCE_DATE_EPOCH": "0"}
"""Unpacked files are as old as the boot. With this variable byte code is held against its source's hash instead."""

KERNEL_METAPACKAGE = "linux-image-amd64"  # the "cloud" kernel has no USB and no uinput
PACKAGES = ("systemd", "systemd-sysv", "udev", "kmod", "python3", "python3-venv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What QEMU boots, and the key that changes with everything that went into it."""

    directory: Path
    key: str

    @property
    def kernel(self) -> Path:
        """The Linux kernel."""
        return self.directory / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The root file system, as an uncompressed cpio archive: emulation would unpack it slowly."""
        return self.directory / "initrd.cpio"


def wanted_image(cache: Path) -> Image:
    """Return the image that a run now needs; :func:`build_image` makes it.

    Raises ``LabUnavailableError`` where this machine cannot have it.
    """
    need_programs()
    key = fingerprint(_kernel_package(), *PACKAGES, *requirements(), *_files())
    return Image(directory=cache / f"image-{key}", key=key)


def build_image(image: Image, tell: Callable[[str], None]) -> None:
    """Make the image, unless it is there (about a minute). ``tell`` hears of each step.

    Raises ``LabUnavailableError`` where this machine cannot have it.
    """
    if not image.directory.exists():
        cache = image.directory.parent
        for old in cache.glob("image-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as scratch:
            _build(Path(scratch), image.directory, _kernel_package(), tell)


def requirements() -> list[str]:
    """Return what pip is asked for: the product's dependencies."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"]]


def fingerprint(*parts: str | bytes) -> str:
    """Return a short key that changes when any part does."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()[:12]


def _files() -> Iterable[bytes]:
    yield Path(__file__).read_bytes()
    yield (CHECKOUT / "constraints.txt").read_bytes()
    for file in sorted(INSIDE.iterdir()):
        if file.is_file():
            yield file.read_bytes()


def _kernel_package() -> str:
    depends = finish("apt-cache depends", ("apt-cache", "depends", KERNEL_METAPACKAGE), limit=60)
    found = re.search(r"Depends: (linux-image-\S+)", depends)
    if found is None:
        raise LabUnavailableError(
            f"the lab needs the Debian package {KERNEL_METAPACKAGE}, apt does not know it: run apt-get update"
            " on a Debian amd64 machine"
        )
    return found[1]


def _build(scratch: Path, target: Path, kernel_package: str, tell: Callable[[str], None]) -> None:
    scratch.chmod(0o755)  # apt downloads as a user of its own
    kernel = kernel_package.removeprefix("linux-image-")
    tell("making the Debian system (under a minute)")
    try:
        with ThreadPoolExecutor() as at_once:
            parts = at_once.submit(_fetch, scratch, kernel_package)
            debian = at_once.submit(_debian, scratch, kernel)
            parts.result()
            debian.result()
    except LabError as error:
        raise LabUnavailableError(str(error)) from error
    result = scratch / "image"
    result.mkdir()
    (result / "vmlinuz").write_bytes(_unpacked((scratch / "kernel" / "boot" / f"vmlinuz-{kernel}").read_bytes()))
    pack = ("bsdtar", "-cf", result / "initrd.cpio", "--format", "newc", f"@{scratch / 'debian.tar'}")
    finish("packing the initramfs", pack, limit=120)
    result.rename(target)


def _unpacked(kernel: bytes) -> bytes:
    """Return the kernel within, which QEMU starts as well: an emulated processor unpacks it slowly."""
    start = kernel.find(b"\xfd7zXZ\0")
    return kernel if start < 0 else lzma.LZMADecompressor().decompress(kernel[start:])


def _fetch(scratch: Path, kernel_package: str) -> None:
    """Collect what customize.sh adds to Debian, and let it know when there is no more to wait for."""
    try:
        download = ("apt-get", "download", kernel_package)
        finish(f"apt-get download {kernel_package}", download, limit=300, cwd=scratch)
        package = next(scratch.glob("*.deb"))
        finish("unpacking the kernel's package", ("dpkg-deb", "--extract", package, scratch / "kernel"), limit=100)
        python, constraints = CHECKOUT / ".venv" / "bin" / "python", CHECKOUT / "constraints.txt"
        install: tuple[str | Path, ...] = (python, "-m", "pip", "install", "-q", "--target", scratch / "site-packages")
        finish(
            "pip install of the product's dependencies",
            (*install, "-c", constraints, *requirements()),
            limit=300,
            environment=os.environ | FIXED,
        )
    finally:
        (scratch / "fetched").touch()


def _debian(scratch: Path, kernel: str) -> None:
    hook = {
        "KERNEL": kernel,
        "KERNEL_TREE": scratch / "kernel",
        "SITE_PACKAGES": scratch / "site-packages",
        "FETCHED": scratch / "fetched",
        "INSIDE": INSIDE,
    }
    command: tuple[str | Path, ...] = (
        "mmdebstrap",
        "--quiet",
        "--variant=essential",
        f"--include={','.join(PACKAGES)}",
        "--aptopt=Apt::Install-Recommends false",
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude=/usr/share/{junk}/*" for junk in ("man", "doc", "locale", "info")),
        f'--customize-hook=sh {INSIDE / "customize.sh"} "$1"',
        _codename(),
        scratch / "debian.tar",
        *_apt_sources(),
    )
    environment = os.environ | {name: str(value) for name, value in hook.items()} | FIXED
    finish("mmdebstrap", command, limit=400, environment=environment)


def _codename() -> str:
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    if found is None:
        raise LabUnavailableError("the lab needs a Debian machine, /etc/os-release names no VERSION_CODENAME")
    return found[1]


def _apt_sources() -> list[Path]:
    """Return the host's own Debian sources: guest and host are the same release."""
    places = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
    return [place for place in places if place.is_file() and place.read_text().strip()][:1]
