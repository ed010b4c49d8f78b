import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.cli import config_file
from scanner_daemon.errors import ConfigError
from scanner_daemon.sources.discovery import Attached

DEVICE = Attached(
    driver="keyboard-wedge",
    mode="keyboard",
    node="/dev/input/event5",
    path="/dev/input/by-id/x",
    name="x",
    vendor="0c2e",
    product="0b61",
    serial="SN1",
    physical_port="usb-1",
)
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x7f"))


@given(
    TEXT, st.booleans(), st.floats(0.01, 9), st.dictionaries(st.sampled_from(["vendor", "serial"]), TEXT, min_size=1)
)
def test_a_table_reads_as_what_was_written(text: str, yes: bool, number: float, match: dict[str, str]) -> None:  # noqa: FBT001  hypothesis
    settings = {"name": text, "match": match, "caps_compensation": yes, "gap": number}
    assert tomllib.loads(config_file.table(settings)) == {"scanner": [settings]}


def test_what_is_added_must_be_right_or_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match="layout"):
        config_file.add(file, config_file.table({"name": "a", "driver": "keyboard-wedge", "path": "x", "layout": "xx"}))
    assert list(tmp_path.iterdir()) == []


def test_scanners_written_inline_cannot_be_added_to(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('lane = { name = "l" }\nscanner = [{ name = "a", driver = "replay", file = "x" }]\n')
    with pytest.raises(ConfigError, match="to add one at the end"):
        config_file.add(file, config_file.table({"name": "b", "driver": "replay", "file": "y"}))
    assert 'name = "b"' not in file.read_text()


def test_names_are_numbered_where_they_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    names = []
    for _ in range(3):
        names.append(config_file.free_name(config_file.existing(file), "counter"))
        config_file.add(file, config_file.table({"name": names[-1], "driver": "replay", "file": "x"}))
    assert names == ["counter", "counter-2", "counter-3"]


@pytest.mark.parametrize(
    ("settings", "is_it"),
    [
        ({"match": {"vendor": "0c2e", "product": "0b61"}}, True),
        ({"match": {"serial": "SN2"}}, False),
        ({"path": "/dev/input/event5"}, True),
        ({"path": "/dev/input/event6"}, False),
    ],
)
def test_a_scanner_that_is_there_already_is_found(tmp_path: Path, settings: dict[str, object], *, is_it: bool) -> None:
    file = tmp_path / "config.toml"
    config_file.add(file, config_file.table({"name": "old", "driver": "keyboard-wedge", **settings}))
    assert config_file.holder(config_file.existing(file), DEVICE) == ("old" if is_it else None)
