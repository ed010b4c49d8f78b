from evdev import ecodes

from scanner_daemon.decoding.key_codes import KEYPAD_DIGITS, KeyCode


def test_names_and_numbers_are_those_of_the_kernel() -> None:
    assert {key.name: key.value for key in KeyCode} == {key.name: ecodes.ecodes[key.name] for key in KeyCode}


def test_keypad_digits_are_those_of_the_kernel() -> None:
    assert {ecodes.ecodes[f"KEY_KP{digit}"]: str(digit) for digit in range(10)} == KEYPAD_DIGITS
