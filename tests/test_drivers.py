"""A table of the configuration, held against an adapter's fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from scanner_daemon import drivers
from scanner_daemon.drivers import Part, Place
from scanner_daemon.errors import Mistake


class Ending(Enum):
    ENTER = "enter"
    TAB = "tab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    vendor: str
    product: str = ""


@dataclass(slots=True, kw_only=True)
class Adapter:
    name: str
    key: SecretStr
    match: Match | None = None
    baudrate: Annotated[int, Field(gt=0)] = 9600
    ending: Ending = Ending.ENTER
    parity: Literal["none", "even"] = "none"

    def __post_init__(self) -> None:
        if self.parity == "even" and self.baudrate < 1200:
            raise ValueError(f"baudrate: expected at least 1200 with even parity, got {self.baudrate}")


def a_secret(*_: object, **__: object) -> SecretStr | None:
    return SecretStr("hush")


def held(table: Mapping[str, Any]) -> tuple[Part | None, list[str]]:
    part, mistakes = drivers.part(Adapter, table, Place(file="c.toml", key="scanner[x]"), secret=a_secret)
    return part, [str(mistake) for mistake in mistakes]


def test_a_right_table_can_be_built_again_and_again() -> None:
    part, mistakes = held({"name": "x", "match": {"vendor": "0c2e"}, "ending": "tab"})
    assert not mistakes
    assert part is not None
    one, other = part.build(), part.build()
    assert one == other
    assert one is not other
    assert (one.match, one.ending, one.baudrate) == (Match(vendor="0c2e"), Ending.TAB, 9600)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "c.toml: scanner[x].name: expected a value, got nothing"),
        ({"name": 3}, "c.toml: scanner[x].name: expected a string, got 3"),
        ({"name": "x", "baudrate": "fast"}, "c.toml: scanner[x].baudrate: expected an integer, got 'fast'"),
        ({"name": "x", "baudrate": 0}, "c.toml: scanner[x].baudrate: expected greater than 0, got 0"),
        (
            {"name": "x", "baudrte": 1},
            "c.toml: scanner[x].baudrte: expected one of baudrate ending key_file match name parity, "
            "got an unknown key (did you mean 'baudrate'?)",
        ),
        (
            {"name": "x", "ending": "entr"},
            "c.toml: scanner[x].ending: expected enter | tab, got 'entr' (did you mean 'enter'?)",
        ),
        ({"name": "x", "parity": "odd"}, "c.toml: scanner[x].parity: expected none | even, got 'odd'"),
        (
            {"name": "x", "match": {"vendor": "1", "prodct": "2"}},
            "c.toml: scanner[x].match.prodct: expected one of product vendor, got an unknown key "
            "(did you mean 'product'?)",
        ),
        (
            {"name": "x", "parity": "even", "baudrate": 300},
            "c.toml: scanner[x].baudrate: expected at least 1200 with even parity, got 300",
        ),
    ],
)
def test_each_mistake_is_one_sentence(table: dict[str, Any], sentence: str) -> None:
    part, mistakes = held(table)
    assert part is None
    assert mistakes == [sentence]


def test_a_secret_nobody_gives_is_a_mistake() -> None:
    place = Place(file="c.toml", key="scanner[x]")
    part, mistakes = drivers.part(Adapter, {"name": "x"}, place, secret=lambda *_, **__: None)
    assert part is None
    assert [str(mistake) for mistake in mistakes] == [
        "c.toml: scanner[x].key_file: expected a file with the secret, got nothing"
    ]


def test_a_secret_may_be_optional() -> None:
    @dataclass(slots=True, kw_only=True)
    class Open:
        key: SecretStr
        word: SecretStr | None = None

    asked: dict[str, bool] = {}

    def finder(name: str, _given: object, *, required: bool) -> SecretStr | None:
        asked[name] = required
        return SecretStr("hush") if required else None

    part, mistakes = drivers.part(Open, {}, Place(file="c.toml", key="x"), secret=finder)
    assert not mistakes
    assert part is not None
    assert part.build().word is None
    assert asked == {"key": True, "word": False}


def test_all_mistakes_are_told_at_once() -> None:
    _, mistakes = held({"name": 3, "baudrate": -1, "unheard_of": 1, "ending": "x"})
    assert len(mistakes) == 4


def test_an_unknown_driver_is_nobody() -> None:
    assert drivers.find({"a": "collections:OrderedDict"}, "b", group="scanner_daemon.none") is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["name", "key_file", "match", "baudrate", "ending", "x"]), _VALUES))
def test_any_table_gives_a_part_or_mistakes(table: dict[str, Any]) -> None:
    part, mistakes = drivers.part(Adapter, table, Place(file="c.toml", key="x"), secret=a_secret)
    assert (part is None) is bool(mistakes)
    assert all(isinstance(mistake, Mistake) for mistake in mistakes)
