"""The ideal beside which the robot's lines are measured."""

from bench.callback_lines import ideal


def test_lines_are_taken_the_instant_they_are_free_and_never_faster_than_the_pace() -> None:
    assert abs(ideal([2.0] * 4, lines=2, per_second=1000.0) - 4.0) < 0.01
    assert ideal([1.0] * 10, lines=10, per_second=1.0) == 10.0  # the pace holds it back: the last begins after 9 s
    assert ideal([5.0], lines=20, per_second=20.0) == 5.0
