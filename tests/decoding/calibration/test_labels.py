from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LAYOUT_LABEL
from scanner_daemon.decoding.calibration.typed import TypedSettings, infer_typed
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.pipeline.check_digits import gs1_mod10_holds
from tests.decoding.calibration.test_typed import SAME_ASCII, decoded
from tests.decoding.calibration.typist import Typist

ASCII = "".join(map(chr, range(0x20, 0x7F)))


def test_the_layout_label_tells_apart_whatever_ascii_tells_apart() -> None:
    for name in LAYOUTS:
        scanner = Typist(layout=name)
        found = infer_typed([scanner.frames(LAYOUT_LABEL)])
        assert isinstance(found, TypedSettings)
        assert found.layout == SAME_ASCII.get(name, name)
        assert decoded(found, scanner.frames(ASCII)) == [ASCII]


def test_the_control_label_is_a_service_relation_and_its_instance() -> None:
    assert CONTROL_LABEL.startswith("8018952")
    assert gs1_mod10_holds(CONTROL_LABEL[4:22])
    assert CONTROL_LABEL[22:] == "\x1d801912"
