"""An input device for programs on python-evdev that is a pipe: its reading is python-evdev's own."""

from evdev.device import DeviceInfo
from evdev.eventio_async import EventIO


class PipedDevice(EventIO):
    """What a device needs to be read. ``index`` is the scanner's."""

    name = phys = uniq = "pipe"
    info = DeviceInfo(bustype=3, vendor=0x0C2E, product=0x0B61, version=1)

    def __init__(self, index: int, fd: int) -> None:
        self.index = index
        self.fd = fd
        self.path = f"pipe:{fd}"

    def grab(self) -> None:
        """Nobody else reads a pipe."""

    def ungrab(self) -> None:
        """Nobody else reads a pipe."""
