import sys
from pathlib import Path

import pytest

from benchmarks.ids import Case, Counts, counted, tried
from benchmarks.scanners import Typed
from benchmarks.subject import WEDGES, Subject, SubjectFailed, Told, started

TWO_SCANNERS = Case(scanners=2, scans=5, key=0.001)


@pytest.mark.parametrize("subject", WEDGES[:2], ids=lambda subject: subject.name)
@pytest.mark.parametrize("case", [TWO_SCANNERS, Case(scanners=2, scans=8, key=None)], ids=str)
def test_what_is_typed_is_told(subject: Subject, case: Case) -> None:
    counts, _ = tried(subject, case)

    assert counts.right + counts.torn == case.scanners * case.scans
    assert (counts.wrong, counts.lost) == (0, 0)


def test_a_subject_that_lies_is_found_out() -> None:
    """Of scanner 0's cards 0 to 4 it tells 0, 1, again 1 and one of scanner 1's; of scanner 1's, 6 and nobody's."""
    counts, _ = tried(Subject(name="liar", module="tests.benchmarks.liar"), TWO_SCANNERS)

    assert counts._replace(torn=0, lost=counts.lost + counts.torn) == Counts(right=3, wrong=3, lost=7, torn=0)


def test_a_subject_that_reads_nothing_holds_nobody_up_for_ever() -> None:
    counts, _ = tried(Subject(name="liar", module="tests.benchmarks.liar"), Case(scanners=2, scans=60, key=None))

    assert counts.right + counts.wrong == 6
    assert 40 < counts.lost + counts.torn + counts.right < 100  # a pipe holds 32 scans, the rest is never sent


def test_a_scan_that_the_machine_tore_is_nobodys_fault() -> None:
    typed = Typed(sent={"1": 0, "2": 0, "3": 0}, paused={"1", "2"})

    assert counted([typed], [Told(0, 0, "1")]) == Counts(right=1, wrong=0, lost=1, torn=1)


def test_a_subject_that_is_absent_or_does_not_start_says_why() -> None:
    absent = Subject(name="peer", module="benchmarks.subjects.barcode_server", python=Path("no-such-python"))
    broken = Subject(name="peer", module="benchmarks.subjects.no_such_module", python=Path(sys.executable))

    with pytest.raises(SubjectFailed, match=r"peer: no no-such-python; make \.venv-peers/\.peers"), started(absent):
        pass
    with pytest.raises(SubjectFailed, match=r"No module named .*no_such_module"), started(broken):
        pass
