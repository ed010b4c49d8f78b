import pytest

from scanner_daemon.decoding.framer import SerialTerminator
from scanner_daemon.decoding.recordings import Mark, RecordingError, RecordingFormat
from scanner_daemon.decoding.scan_file import parse_scan_file

WEDGE = "format: wedge\nscanner: made up\n"
BYTES = "format: bytes\nscanner: made up\n"


def test_wedge() -> None:
    recording = parse_scan_file(
        WEDGE
        + """gap: 0.4
caps_lock: on
num_lock: off

# expect: "a" ]C0
# expect: discarded overflow
+0.5 down KEY_LEFTALT KEY_KP0 up 30
+1 tap KEY_4 KEY_0
# a comment

+0.25 dropped
"""
    )
    assert [step.what for step in recording.steps] == [
        ((56, True), (82, True), (30, False)),
        ((5, True),),
        ((5, False),),
        ((11, True),),
        ((11, False),),
        Mark.DROPPED,
    ]
    assert [step.at for step in recording.steps] == pytest.approx([0.5, 1.5, 1.501, 1.502, 1.503, 1.753])
    assert (recording.gap, recording.caps_lock, recording.num_lock) == (0.4, True, False)
    assert recording.expected == ('"a" ]C0', "discarded overflow")


def test_bytes() -> None:
    recording = parse_scan_file(BYTES + 'terminator: stx-etx\n\n+0 "\\u0002é\\r"\n+0 02 0D\n+0 noise\n')
    assert [step.what for step in recording.steps] == ["\x02é\r".encode(), b"\x02\r", Mark.NOISE]
    assert recording.terminator is SerialTerminator.ETX


def test_what_a_heading_leaves_out_is_the_decoders_own() -> None:
    recording = parse_scan_file(WEDGE)
    assert (recording.terminator, recording.gap, recording.num_lock, recording.steps) == (None, None, None, ())
    assert recording.format is RecordingFormat.WEDGE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected a heading with 'scanner: …', got none"),
        ("scanner: x", "line 1: expected a heading with 'format: …', got none"),
        (
            "format: x\nscanner: x",
            "line 1: expected one of wedge, hid-keyboard, hid-pos, bytes, ssi as the format, got 'x'",
        ),
        (WEDGE + "colour: red", "line 3: expected once each, one of format, scanner, .*, got 'colour: red'"),
        (WEDGE + "format: bytes", "line 3: expected once each"),
        (WEDGE + "+0.1 tap KEY_A", "line 3: expected once each"),
        (WEDGE + "layout: xx", "line 3: expected one of us.* as the layout, got 'xx'"),
        (WEDGE + "terminator: lf", "line 3: expected one of enter, tab, none as the terminator, got 'lf'"),
        (WEDGE + "gap: 0", "line 3: expected seconds above 0 as the gap, got '0'"),
        (WEDGE + "gap: nan", "line 3: expected seconds above 0 as the gap, got 'nan'"),
        (WEDGE + "length: 0", "line 3: expected bytes, at least 1 as the length, got '0'"),
        (WEDGE + "code_id: zebra", "line 3: expected one of aim, honeywell, .* as the code_id, got 'zebra'"),
        (WEDGE + "num_lock: yes", "line 3: expected on or off as the num_lock, got 'yes'"),
        (WEDGE + "descriptor: 05", "line 3: expected a HID POS report descriptor in hex as the descriptor, got '05'"),
        (WEDGE + "\ntap KEY_A", r"line 4: expected '\+SECONDS' and what was sent, got 'tap KEY_A'"),
        (WEDGE + "\n+x tap KEY_A", "line 4: expected"),
        (WEDGE + "\n+0 tap KEY_ÄÖ", "line 4: expected a key such as KEY_4, or its number, got 'KEY_ÄÖ'"),
        (WEDGE + "\n+0 KEY_A", "line 4: expected down, up or tap and keys such as KEY_4, .*, got 'KEY_A'"),
        (WEDGE + "\n+0 noise", "line 4: expected down, up or tap"),
        (WEDGE + "\n+0 tap", "line 4: expected down, up or tap and keys"),
        (WEDGE + "\n+0 down up", "line 4: expected down, up or tap and keys"),
        (WEDGE + "\n# expect: 12", "line 4: expected '# expect: \"label\"'"),
        (WEDGE + "\n# expect: discarded luck", "line 4: expected one of overflow, .*, got luck"),
        (BYTES + '\n+0 "x', 'line 4: expected a JSON string such as "123.r", got "x'),
        (BYTES + "\n+0 dropped", "line 4: expected bytes in hex"),
        ("format: hid-keyboard\nscanner: x\n\n+0 00", "line 4: expected 8 bytes, got 1"),
        ('format: hid-pos\nscanner: x\n\n+0 "x"', "line 4: expected bytes in hex"),
    ],
)
def test_recording_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        parse_scan_file(text)


def test_error_states_its_parts() -> None:
    with pytest.raises(RecordingError) as caught:
        parse_scan_file(WEDGE + "\n+0 tap KEY_ÄÖ")
    error = caught.value
    assert (error.line, error.expected, error.got) == (4, "a key such as KEY_4, or its number", "'KEY_ÄÖ'")
