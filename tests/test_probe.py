"""A question to something that hangs is given up in time, and asked again only once that has ended."""

from __future__ import annotations

import threading

import pytest

from service.probe import Probe


def test_what_hangs_is_given_up_and_asked_once() -> None:
    going_on, asked = threading.Event(), []

    def work() -> int:
        asked.append(1)
        going_on.wait(30)
        return len(asked)

    probe = Probe[int](seconds=0.02)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            probe.ask(work)
    assert len(asked) == 1
    going_on.set()
    assert Probe[int]().ask(work) == 2


def test_what_is_answered_in_time_is_passed_on_faults_included() -> None:
    probe = Probe[int]()
    assert probe.ask(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        probe.ask(lambda: 1 // 0)
