"""The threat model names what holds each of its claims: all of that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.findall(r"`((?:tests/|fixtures/|test_)[\w./]*)`", (ROOT / "docs/threat-model.md").read_text())


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_what_the_threat_model_names_is_there(name: str) -> None:
    assert (ROOT / name).exists() or ("/" not in name and any((ROOT / "tests").rglob(name)))


def test_it_names_some() -> None:
    assert len(NAMED) > 20
