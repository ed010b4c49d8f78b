import pytest

from scanner_daemon.sources.recognition import is_known_scanner, is_personal_keyboard, is_virtual, usb_scanners

USB = 0x03
BUILT_IN = 0x11
MADE_BY_A_PROGRAM = 0x06

# Names of devices as udev links them, some scanners and some not, as listed by the project ChestniyZnakSkannerDesktop
# (tests/unit/test_evdev_keyboard_scanner.py); the Datalogic is from stackoverflow.com/questions/43284404. Facts only.
SCANNERS = (
    "Newtologic 4010E",
    "HID 0581:011a",
    "SCANNER SCANNER",
    "Unknown 2D Scanner",
    "Symbol Technologies, Inc, 2008 Symbol Bar Code Scanner",
    "2D Barcode Scanner",
    "Datalogic ADC, Inc. Handheld Barcode Scanner",
)
KEYBOARDS = (
    "Compx 2.4G Receiver",
    "Micro-Star INT'L CO., LTD MSI GK30 Gaming Keyboard",
    "HS6209 A4tech 2.4G Wireless Device",
    "Logitech USB Keyboard",
    "MOSART Semi. 2.4G Keyboard Mouse",
)


@pytest.mark.parametrize("name", SCANNERS)
def test_a_scanner_is_not_taken_for_a_keyboard(name: str) -> None:
    assert not is_personal_keyboard(vendor="ffff", product="0001", name=name, bus=USB)


@pytest.mark.parametrize("name", KEYBOARDS)
def test_a_keyboard_is_a_keyboard(name: str) -> None:
    assert is_personal_keyboard(vendor="ffff", product="0001", name=name, bus=USB)
    assert not is_known_scanner(vendor="ffff", product="0001", name=name)


def test_the_built_in_keyboard_is_one_whatever_it_is_called() -> None:
    assert is_personal_keyboard(vendor="0001", product="0001", name="AT Translated Set 2", bus=BUILT_IN)


@pytest.mark.parametrize(
    ("vendor", "product"),
    [("05e0", "1200"), ("0C2E", "0B61"), ("0c2e", "1007"), ("1eab", "0103")],
    ids=["in the list", "upper case", "a new model of a scanner maker", "Newland"],
)
def test_a_known_usb_id_outweighs_the_name(vendor: str, product: str) -> None:
    assert is_known_scanner(vendor=vendor, product=product, name="USB Keyboard")
    assert not is_personal_keyboard(vendor=vendor, product=product, name="USB Keyboard", bus=USB)


def test_a_chip_maker_is_not_a_scanner_maker() -> None:
    assert is_known_scanner(vendor="04b4", product="bca1", name="")
    assert not is_known_scanner(vendor="04b4", product="0101", name="")


def test_every_line_of_the_list_is_an_id() -> None:
    assert len(usb_scanners()) > 100
    for vendor, product in usb_scanners():
        assert int(vendor, 16) >= 0
        assert len(vendor) == 4
        assert product == "*" or (len(product) == 4 and int(product, 16) >= 0)


@pytest.mark.parametrize(("bus", "virtual"), [(MADE_BY_A_PROGRAM, True), (USB, False), (BUILT_IN, False)])
def test_a_keyboard_made_by_a_program_is_never_a_scanner(bus: int, virtual: bool) -> None:  # noqa: FBT001  three cases
    assert is_virtual(bus=bus) is virtual
