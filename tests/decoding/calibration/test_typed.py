from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.decoding.calibration.labels import CONTROL_LABEL, LABELS, LAYOUT_LABEL, Complaint, Unreadable
from scanner_daemon.decoding.calibration.typed import TypedSettings, infer_typed
from scanner_daemon.decoding.code_ids import CodeId
from scanner_daemon.decoding.input_frames import Frame
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.typed_codes import ControlMap
from scanner_daemon.decoding.wedge import WedgeDecoder, WedgeTerminator
from scanner_daemon.model import Scan
from tests.decoding.calibration.typist import TERMINATORS, Typist

SAME_ASCII = {"pl": "us", "fi": "se"}
"""Layouts that have all of ASCII where another one has it."""

CODE_IDS = {CodeId.AIM: ("]C0", "]C1"), CodeId.HONEYWELL: "jI", CodeId.SYMBOL: "DK", CodeId.DATALOGIC: "Tk"}


def decoded(settings: TypedSettings, frames: list[Frame], *, caps_lamp: bool = False) -> list[str]:
    """What the lane's own decoder makes of ``frames`` under ``settings``."""
    decoder = WedgeDecoder(
        scanner="x",
        layout=LAYOUTS[settings.layout],
        terminator=settings.terminator,
        control_map=settings.control_map,
        gap=settings.gap,
        code_id=settings.code_id,
    )
    decoder.resynchronise((), caps_lock=caps_lamp and settings.caps_compensation, num_lock=None)
    reports = [report for frame in frames for report in decoder.feed(frame)]
    while decoder.deadline is not None:
        reports += decoder.expire(decoder.deadline)
    return [report.scan_data_label if isinstance(report, Scan) else report.reason.value for report in reports]


def inferred(typist: Typist, *, caps_lamp: bool = False) -> TypedSettings:
    found = infer_typed([typist.frames(label) for label in LABELS], caps_lamp=caps_lamp)
    assert isinstance(found, TypedSettings), found
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("controls", ["ctrl", "function-keys", "unicode", "alt"])
def test_each_layout_and_way_of_typing_controls_is_recognised(layout: str, controls: str) -> None:
    typist = Typist(layout=layout, controls=controls)
    found = inferred(typist)
    assert found.layout == SAME_ASCII.get(layout, layout)
    assert found.terminator is WedgeTerminator.ENTER
    expected = ControlMap.CTRL if controls == "alt" else ControlMap(controls)
    assert found.control_map is expected
    assert [decoded(found, typist.frames(label)) for label in LABELS] == [[LAYOUT_LABEL], [CONTROL_LABEL]]


@given(
    st.builds(
        Typist,
        layout=st.sampled_from(sorted(LAYOUTS)),
        terminator=st.sampled_from(sorted(TERMINATORS)),
        controls=st.sampled_from(["ctrl", "function-keys", "unicode", "alt"]),
        pace=st.floats(0.0005, 0.03),
        everything_alt=st.booleans(),
    ),
    st.sampled_from(sorted(CODE_IDS, key=lambda scheme: scheme.value)),
)
def test_what_is_inferred_decodes_the_labels(typist: Typist, code_id: CodeId) -> None:
    first, second = (
        replace(typist, prefix=prefix).frames(label) for prefix, label in zip(CODE_IDS[code_id], LABELS, strict=True)
    )
    found = infer_typed([first, second])
    assert isinstance(found, TypedSettings), found
    assert found.code_id is code_id
    assert decoded(found, first) == [LAYOUT_LABEL]
    assert decoded(found, second) == [CONTROL_LABEL]


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"jp", "fr", "be", "cz"}))  # digits need Shift there
def test_a_scanner_that_looks_at_its_lamp_is_told_from_one_that_does_not(layout: str) -> None:
    looks, does_not = Typist(layout=layout, caps_inverted=True), Typist(layout=layout)
    assert inferred(looks, caps_lamp=True).caps_compensation
    assert not inferred(does_not, caps_lamp=True).caps_compensation
    assert decoded(inferred(looks, caps_lamp=True), looks.frames(LAYOUT_LABEL), caps_lamp=True) == [LAYOUT_LABEL]


def test_a_slow_scanner_gets_a_wider_gap() -> None:
    slow = Typist(pace=0.2)
    found = inferred(slow)
    assert found.gap > 0.3
    assert decoded(found, slow.frames(LAYOUT_LABEL)) == [LAYOUT_LABEL]


def test_one_label_alone_tells_the_layout() -> None:
    found = infer_typed([Typist(layout="fr").frames(LAYOUT_LABEL)])
    assert isinstance(found, TypedSettings)
    assert found.layout == "fr"


def test_labels_may_be_asked_for_in_one_order_only() -> None:
    assert isinstance(infer_typed([Typist().frames(CONTROL_LABEL)]), Complaint)
    with pytest.raises(ValueError, match="at least one scan"):
        infer_typed([])


@pytest.mark.parametrize(
    ("typist", "label", "sentence"),
    [
        (Typist(prefix="~"), LAYOUT_LABEL, "it sends '~' before the label: take the prefix off"),
        (Typist(), LAYOUT_LABEL + "$", "it sends '$\\r' after the label: set its suffix to CR"),
        (Typist(caps_inverted=True), LAYOUT_LABEL, "it changes the case of letters"),
        (Typist(), LAYOUT_LABEL.upper(), "it changes the case of letters"),
        (Typist(), LAYOUT_LABEL.replace("|", ""), "it does not send |: set it to the US keyboard layout"),
        (Typist(), "4006381333931", "this is not what the page says"),
    ],
)
def test_what_cannot_be_is_one_sentence_with_the_cure(typist: Typist, label: str, sentence: str) -> None:
    found = infer_typed([typist.frames(label)])
    assert isinstance(found, Complaint)
    assert sentence in found


def test_a_scanner_that_swallows_the_separator_is_told() -> None:
    found = infer_typed([Typist().frames(LAYOUT_LABEL), Typist().frames(CONTROL_LABEL.replace("\x1d", ""))])
    assert isinstance(found, Complaint)
    assert "it leaves GS (FNC1, ASCII 29) out" in found


def test_keys_of_one_report_need_the_other_driver() -> None:
    frames = Typist(everything_alt=True).frames("9Y")
    digits = [frame[0] for frame in frames if frame[0].code not in {28, 56} and frame[0].pressed]
    packed = (frames[0], tuple(digits[:3]), *frames[-2:])
    found = infer_typed([packed])
    assert isinstance(found, Unreadable)
    assert "use the driver hid-keyboard" in found


@given(st.lists(st.lists(st.tuples(st.integers(0, 0x2FF), st.booleans()), max_size=4), max_size=60))
def test_any_keys_at_all_are_settings_or_a_sentence(changes: list[list[tuple[int, bool]]]) -> None:
    from scanner_daemon.model import KeyStroke

    frames = [
        tuple(KeyStroke(code=code, pressed=down, at=n * 0.001) for code, down in frame)
        for n, frame in enumerate(changes)
        if frame
    ]
    assert isinstance(infer_typed([frames]), Complaint)
