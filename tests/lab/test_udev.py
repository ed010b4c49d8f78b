"""The udev rules: who may open what, and what plugging in starts."""

from tests.lab.guest import Guest
from tests.lab.lane import Lane
from tests.lab.scanners import FtdiScanner, Interface, Keyboard, UhidScanner, UsbScanner


def opens(guest: Guest, node: str, *, user: str, group: str) -> bool:
    """Return whether somebody may open a device node for reading."""
    status, output = guest.attempt(f"setpriv --reuid={user} --regid={group} --clear-groups sh -c ': <{node}'")
    assert status == 0 or "Permission denied" in output, output
    return status == 0


def test_a_known_scanner_has_its_names_and_belongs_to_the_daemons_group(guest: Guest) -> None:
    scanner = guest.plug(UsbScanner(interfaces=("keyboard", "hid-pos", "cdc-acm"), leds=True))
    names: dict[Interface, str] = {
        "keyboard": "/dev/input/by-id/usb-Metrologic_Vuquest_SN0042-event-kbd",
        "cdc-acm": "/dev/serial/by-id/usb-Metrologic_Vuquest_SN0042-if02",
    }
    modes: dict[Interface, str] = {"keyboard": "640", "hid-pos": "660", "cdc-acm": "660"}
    for interface, name in names.items():
        assert guest.run(f"readlink --canonicalize {name}") == scanner.node(guest, interface)
    for interface, mode in modes.items():
        node = scanner.node(guest, interface)
        assert guest.run(f"stat --format='%U %G %a' {node}") == f"root scanner-daemon {mode}"
        properties = guest.properties(node)
        assert "systemd" in properties["TAGS"].split(":")
        assert properties["SYSTEMD_WANTS"] == "scanner-daemon.service"
        assert "LIBINPUT_IGNORE_DEVICE" not in properties


def test_nobody_but_the_daemon_can_read_a_scanner_and_the_daemon_no_keyboard(guest: Guest) -> None:
    scanner, keyboard = guest.plug(UsbScanner()).node(guest), guest.plug(Keyboard()).nodes(guest)[0]
    assert opens(guest, scanner, user="scanner-daemon", group="scanner-daemon")
    assert not opens(guest, scanner, user="nobody", group="nogroup")
    assert not opens(guest, scanner, user="nobody", group="input")
    assert not opens(guest, keyboard, user="scanner-daemon", group="scanner-daemon")


def test_only_the_daemon_may_make_a_keyboard_and_not_even_it_may_read_there(guest: Guest) -> None:
    guest.run("modprobe uinput && udevadm settle --timeout=20")
    assert guest.run("stat --format='%U %G %a' /dev/uinput") == "root scanner-daemon 620"
    assert not opens(guest, "/dev/uinput", user="scanner-daemon", group="scanner-daemon")


def test_what_is_no_known_scanner_is_left_alone(guest: Guest) -> None:
    (keyboard,), (port,) = guest.plug(Keyboard()).nodes(guest), guest.plug(FtdiScanner()).nodes(guest)
    for node, group in ((keyboard, "input"), (port, "dialout")):
        properties = guest.properties(node)
        assert guest.run(f"stat --dereference --format=%G {node}") == group
        assert not {"SCANNER_DAEMON", "SYSTEMD_WANTS", "ID_MM_DEVICE_IGNORE"} & properties.keys()


def test_a_shop_adds_an_exclusive_scanner_and_takes_out_another_by_hwdb(guest: Guest) -> None:
    guest.put(
        "/etc/udev/hwdb.d/90-scanners.hwdb",
        "usb:v1234pABCD*\n SCANNER_DAEMON=exclusive\n\nusb:v0C2Ep0B61*\n SCANNER_DAEMON=no\n",
    )
    guest.run("systemd-hwdb update")
    added = guest.plug(UsbScanner(vendor="1234", product="abcd")).node(guest)
    taken_out = guest.plug(UsbScanner(port=1)).node(guest)
    assert guest.run(f"stat --format=%G {added} {taken_out}").split() == ["scanner-daemon", "input"]
    assert guest.properties(added)["LIBINPUT_IGNORE_DEVICE"] == "1"


def test_a_shops_rule_adds_a_scanner_that_is_not_on_usb(guest: Guest) -> None:
    rule = 'SUBSYSTEM=="hidraw", KERNELS=="0003:05F9:2204.*", ENV{SCANNER_DAEMON}="shared"\n'
    guest.put("/etc/udev/rules.d/65-scanners.rules", rule)
    guest.run("udevadm control --reload")
    (node,) = guest.plug(UhidScanner()).nodes(guest)
    assert guest.run(f"stat --format='%G %a' {node}") == "scanner-daemon 660"


def test_plugging_a_scanner_in_starts_the_daemon(lane: Lane) -> None:
    lane.run("systemctl stop scanner-daemon")
    lane.plug(UsbScanner())
    lane.eventually(lambda: lane.unit("ActiveState")["ActiveState"] == "activating", "systemd starts it")


def test_without_a_configuration_nothing_is_started_and_nothing_fails(guest: Guest) -> None:
    guest.plug(UsbScanner())
    guest.eventually(lambda: guest.unit("ConditionTimestamp")["ConditionTimestamp"], "systemd was asked to start it")
    assert guest.unit("ActiveState", "ConditionResult") == {"ActiveState": "inactive", "ConditionResult": "no"}
