"""Topics: a level a name, and one sensor a scanner."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_daemon.displays.mqtt_topics import Topics

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def topics(store: str = "shop", lane: str = "lane-1") -> Topics:
    return Topics(store=store, lane=lane, discovery_prefix="homeassistant")


def discovered(store: str, lane: str, scanner: str) -> tuple[str, str]:
    found = topics(store, lane).discovery(scanner)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a#", "nul\0"])
def test_a_name_is_one_level(name: str) -> None:
    with pytest.raises(ValueError, match=r"^store: expected one level of a topic"):
        topics(store=name)
    with pytest.raises(ValueError, match=r"^lane: expected one level of a topic"):
        topics(lane=name)


@pytest.mark.parametrize("prefix", ["/", "a//b", "a/", "#", "home/+/x"])
def test_a_prefix_is_levels(prefix: str) -> None:
    with pytest.raises(ValueError, match=r"^discovery_prefix: "):
        Topics(store="s", lane="l", discovery_prefix=prefix)


@given(NAMES, NAMES, NAMES)
def test_home_assistant_takes_any_name(store: str, lane: str, scanner: str) -> None:
    try:
        topic, payload = discovered(store, lane, scanner)
    except ValueError:
        return
    assert re.fullmatch(r"homeassistant/binary_sensor/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config", topic)
    assert json.loads(payload)["name"] == scanner


@given(st.tuples(NAMES, NAMES, NAMES), st.tuples(NAMES, NAMES, NAMES))
def test_no_two_scanners_are_one_sensor(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    try:
        found = [discovered(*names) for names in (one, other)]
    except ValueError:
        return
    assert (found[0][0] == found[1][0]) is (one == other)
    ids = [json.loads(payload)["unique_id"] for _, payload in found]
    assert (ids[0] == ids[1]) is (one == other)


def test_names_that_look_alike_are_no_sensor_together() -> None:
    names = [("a.b", "c"), ("a", "b.c"), ("a_2eb", "c"), ("a__b", "c"), ("a", "b__c")]
    assert len({discovered(*name, "counter")[0] for name in names}) == len(names)
