"""What is remembered is what was worked out, and only the answers used last are kept."""

from __future__ import annotations

from service.remembered import Remembered


def test_an_answer_is_worked_out_once() -> None:
    made, kept = [], Remembered()
    assert [kept.get("a", lambda: made.append(1) or 7) for _ in range(3)] == [7, 7, 7]
    assert made == [1]


def test_what_was_unused_for_longest_makes_room() -> None:
    made: list[str] = []
    kept = Remembered(most=2)
    for name in "abacab":
        kept.get(name, lambda name=name: made.append(name))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]
