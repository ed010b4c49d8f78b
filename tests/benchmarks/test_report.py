from benchmarks import results
from benchmarks.report import FLOOR, OURS, Findings, Goal, Row, best_peer, cells, percentile, verdict

ROWS = [
    Row(what="latency", of=FLOOR, median=2.0, p99=4.0),
    Row(what="latency", of=OURS, median=3.0),
    Row(what="latency", of="slow peer", median=30.0),
    Row(what="latency", of="quick peer", median=12.0),
    Row(what="another", of="quick peer", median=1.0),
]


def test_ours_is_told_against_the_best_peer_and_everybody_against_the_floor() -> None:
    floor, ours, slow, *_ = cells(ROWS)

    assert floor == ("latency", "floor", "2.00 ms", "4.00 ms", "", "")
    assert ours == ("latency", "scanner-daemon", "3.00 ms", "", "0.25", "1.50")
    assert slow == ("latency", "slow peer", "30.0 ms", "", "", "15.00")
    assert best_peer(ROWS[:2], "latency") is None


def test_percentiles_are_of_what_was_measured() -> None:
    assert percentile([7.0], 99) == 7.0
    assert percentile([float(value) for value in range(101)], 99) == 99.0


def test_a_goal_that_could_not_be_measured_is_neither_met_nor_missed() -> None:
    goals = [Goal(what="g", wanted="w", measured="m", met=met) for met in (True, False, None)]

    assert [verdict(goal) for goal in goals] == ["met", "missed", "not measured"]


def test_the_document_has_every_goal_and_every_row_and_who_was_left_out() -> None:
    goal = Goal(what="wrong IDs", wanted="0", measured="0", met=True, counted=True)
    findings = Findings(title="Latency", rows=ROWS, goals=[goal], left_out=["peer: absent"])
    document = results.markdown([findings], pictures=["pictures/one.svg"])

    assert "| wrong IDs | 0 | 0 | met |" in document
    assert "| latency | scanner-daemon | 3.00 ms |  | 0.25 | 1.50 |" in document
    assert "\nLeft out: peer: absent\n" in document
    assert "\n![](pictures/one.svg)\n" in document


def test_who_is_left_out_is_said_once() -> None:
    findings = Findings(title="Latency")
    for _ in range(2):
        findings.leave_out("peer: absent")

    assert findings.left_out == ["peer: absent"]
