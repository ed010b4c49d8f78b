import re

import pytest
from pydantic import TypeAdapter, ValidationError

from scanner_daemon.errors import DeviceAccessDenied, DeviceUnavailable
from scanner_daemon.sources.device_match import DeviceMatch, the_one
from scanner_daemon.sources.discovery import Attached


def scanner(node: str, *, serial: str = "", product: str = "0b61", physical_port: str = "") -> Attached:
    return Attached(
        driver="keyboard-wedge",
        mode="keyboard",
        node=node,
        path=node,
        name="Honeywell Xenon 1900",
        vendor="0c2e",
        product=product,
        serial=serial,
        physical_port=physical_port,
    )


LEFT = scanner("/dev/input/event3", serial="SN 1", physical_port="usb-0000:00:14.0-1/input0")
RIGHT = scanner("/dev/input/event4", serial="SN 2", physical_port="usb-0000:00:14.0-2/input0")
OTHER = scanner("/dev/input/event5", product="0b81")


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (DeviceMatch(vendor="0C2E", product="0B81"), OTHER),
        (DeviceMatch(vendor="0c2e", product="0b61", serial="SN 2"), RIGHT),
        (DeviceMatch(serial="SN_1"), LEFT),
        (DeviceMatch(physical_port="usb-0000:00:14.0-2/input0"), RIGHT),
    ],
    ids=["ids in upper case", "serial", "serial as udev writes it", "port"],
)
def test_the_device_that_fits_is_found(match: DeviceMatch, expected: Attached) -> None:
    assert the_one(match, [LEFT, RIGHT, OTHER]) == expected


def test_no_device_is_unavailable() -> None:
    with pytest.raises(DeviceUnavailable, match=r"vendor 1eab.*got none; plug it in"):
        the_one(DeviceMatch(vendor="1eab"), [LEFT, RIGHT, OTHER])


def test_two_that_fit_are_listed_with_what_tells_them_apart() -> None:
    with pytest.raises(DeviceAccessDenied) as refused:
        the_one(DeviceMatch(vendor="0c2e", product="0b61"), [LEFT, RIGHT, OTHER])

    told = str(refused.value)
    assert re.search(r"got 2: /dev/input/event3 \(serial SN 1, .*; /dev/input/event4 \(serial SN 2, ", told)
    assert "add serial or physical_port" in told


@pytest.mark.parametrize("vendor", ["0x0c2e", "c2e", "0c2g", "", "0c2e\n"])
def test_an_id_is_four_hexadecimal_digits(vendor: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(DeviceMatch).validate_python({"vendor": vendor})


def test_a_match_that_matches_everything_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="expected at least one of vendor, product, serial, physical_port, got none"):
        DeviceMatch()
