"""Pictures of codes, decoded by zxing-cpp and sent as each kind of scanner would send them, give back their text."""

from functools import cache
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from scanner_daemon.decoding.framer import Framer, SerialTerminator
from scanner_daemon.decoding.hid_pos import COMMON_LAYOUT, HidPosReports
from scanner_daemon.decoding.key_codes import KeyCode
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.ssi import Opcode, SsiPackets
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.model import Discarded, DiscardReason, Scan
from tests.decoding.libxkbcommon import CURE, Keyboard
from tests.decoding.typist import Typist

PICTURES = Path(__file__).parents[2] / "fixtures" / "code-images"
IMAGES = sorted(file for file in PICTURES.iterdir() if file.suffix in {".png", ".jpg", ".webp"})
SSI_ANY_TYPE, GOES_ON, SSI_MOST = 0x00, 0b10, 240


@cache
def decoded(image: Path) -> zxingcpp.Barcode:
    (barcode,) = zxingcpp.read_barcodes(Image.open(image))
    return barcode


def truth(image: Path) -> str:
    return image.with_suffix(".txt").read_bytes().decode()


def told(reports: list[Scan | Discarded]) -> tuple[str, str] | DiscardReason:
    """The one label with its AIM identifier, or why there is none."""
    (report,) = reports
    if isinstance(report, Discarded):
        return report.reason
    return report.scan_data_label, str(report.symbology_identifier)


def expected(image: Path) -> tuple[str, str] | DiscardReason:
    """Of a scanner that sends bytes: what is not UTF-8 could be any of many texts."""
    barcode = decoded(image)
    try:
        barcode.bytes.decode()
    except UnicodeDecodeError:
        return DiscardReason.NOISE
    return truth(image), barcode.symbology_identifier


def test_there_are_pictures_of_every_kind() -> None:
    kinds = {decoded(image).symbology_identifier[1] for image in IMAGES}
    assert len(IMAGES) > 60
    assert kinds >= set("ACEFILQdz")


@cache
def typist(layout: str) -> Typist:
    try:
        return Typist(Keyboard(layout))
    except OSError:
        pytest.skip(f"libxkbcommon is not installed: {CURE}")


@pytest.mark.parametrize("layout", ["us", "de", "fr"])
@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_typed(image: Path, layout: str) -> None:
    barcode, text = decoded(image), truth(image)
    terminator = WedgeTerminator.TAB if {"\r", "\n"} & {*text} else WedgeTerminator.ENTER
    end = KeyCode.KEY_TAB if terminator is WedgeTerminator.TAB else KeyCode.KEY_ENTER
    decoder = WedgeDecoder(scanner="a", layout=LAYOUTS[layout], terminator=terminator, control_map=ControlMap.UNICODE)
    frames = typist(layout).type(barcode.symbology_identifier + text, end)
    reports = [report for frame in frames for report in decoder.feed(frame)]
    assert told(reports) == (text, barcode.symbology_identifier)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_on_a_serial_line(image: Path) -> None:
    barcode = decoded(image)
    framer = Framer(scanner="a", terminator=SerialTerminator.ETX)
    data = b"\x02" + barcode.symbology_identifier.encode() + barcode.bytes + b"\x03"
    reports = [report for byte in data for report in framer.feed(bytes((byte,)), at=0.0)]
    assert told(reports) == expected(image)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_in_hid_pos_reports(image: Path) -> None:
    barcode, size = decoded(image), COMMON_LAYOUT.data.length
    decoder, reports = HidPosReports(scanner="a"), list[Scan | Discarded]()
    for start in range(0, len(barcode.bytes), size):
        part = barcode.bytes[start : start + size]
        goes_on = start + size < len(barcode.bytes)
        head = bytes((2, len(part))) + barcode.symbology_identifier.encode()
        reports += decoder.feed(head + part.ljust(size, b"\0") + bytes((0, 0, goes_on)), at=0.0)
    assert told(reports) == expected(image)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_in_ssi_packets(image: Path) -> None:
    """Without an AIM identifier: SSI's own number is another test's."""
    data = decoded(image).bytes
    decoder, reports = SsiPackets(scanner="a"), list[Scan | Discarded]()
    for start in range(0, len(data), SSI_MOST):
        goes_on = GOES_ON if start + SSI_MOST < len(data) else 0
        reports += decoder.feed(packet(bytes((SSI_ANY_TYPE,)) + data[start : start + SSI_MOST], goes_on), at=0.0)
    label = expected(image)
    assert told(reports) == (label if isinstance(label, DiscardReason) else (label[0], "None"))


def packet(data: bytes, status: int) -> bytes:
    body = bytes((4 + len(data), Opcode.DECODE_DATA, 0, status)) + data
    return body + (-sum(body) & 0xFFFF).to_bytes(2)
