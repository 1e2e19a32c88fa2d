"""What came of a rehearsal: what was lost, how long writes and reads stood still, and how old an answer was.

Nothing that was acknowledged may be lost, whatever the figures are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from deploy.cluster.load import Acknowledged, Answer, Load

LONGEST_WRITE_PAUSE = 45.0
LONGEST_READ_PAUSE = 5.0
OLDEST = 5.0


@dataclass(kw_only=True)
class Report:
    """The figures of one rehearsal; times in seconds. `faults` says what was not as promised."""

    victim: str
    acknowledged: int = 0
    retries: int = 0
    write_pause: float = 0.0
    reads: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    read_pause: dict[str, float] = field(default_factory=dict)
    oldest: float = 0.0
    returned: float = 0.0
    leader: str = ""
    worker: str | None = None
    faults: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report as one reads it."""
        lines = [
            f"killed {self.victim}; {self.leader} leads; {self.victim} follows {self.returned:.1f} s after its start",
            f"writes: {self.acknowledged} acknowledged, {self.retries} sent again, pause {self.write_pause:.1f} s",
        ]
        for kind, count in self.reads.items():
            lines.append(f"reads ({kind}): {count}, {self.failed[kind]} failed, pause {self.read_pause[kind]:.2f} s")
        lines.append(f"oldest answer: {self.oldest:.2f} s behind; leading worker: {self.worker}")
        return lines + [f"NOT AS PROMISED: {fault}" for fault in self.faults]


def judge(report: Report, load: Load, log: Sequence[Mapping[str, object]], killed: float) -> None:
    """Fill the report from what writers and readers saw and from the log as it is afterwards."""
    report.acknowledged, report.retries = len(load.acknowledged), load.retries
    report.faults += load.faults + _lost(load.acknowledged, log)
    report.write_pause = longest_pause([one.at for one in load.acknowledged], killed)
    _judge_reads(report, load)
    report.oldest = oldest(load)
    if report.write_pause > LONGEST_WRITE_PAUSE:
        report.faults.append(f"no write was acknowledged for {report.write_pause:.1f} s")
    if report.oldest > OLDEST:
        report.faults.append(f"an answer was {report.oldest:.1f} s old")


def longest_pause(moments: Sequence[float], since: float = 0.0) -> float:
    """The longest time between two moments one after the other, the later one not before `since`."""
    return max((after - before for before, after in pairwise(sorted(moments)) if after >= since), default=0.0)


def oldest(load: Load) -> float:
    """How far an answer from the log, asked for without a position, lay behind what had been acknowledged by then."""
    acknowledged = sorted(load.acknowledged, key=lambda one: one.position)
    positions = [one.position for one in acknowledged]
    earliest = list(accumulate((one.at for one in reversed(acknowledged)), min))[::-1]
    found = 0.0
    for (_, kind), answers in load.answers.items():
        for answer in answers if kind == "log" else ():
            missing = bisect_right(positions, answer.position or 0)
            if answer.position is not None and missing < len(earliest):
                found = max(found, answer.began - earliest[missing])
    return found


def _lost(acknowledged: Sequence[Acknowledged], log: Sequence[Mapping[str, object]]) -> list[str]:
    places: dict[object, list[object]] = {}
    for event in log:
        places.setdefault(event["id"], []).append(event["position"])
    wrong = [
        f"{one.id} was acknowledged at {one.position}" for one in acknowledged if places.get(one.id) != [one.position]
    ]
    if [event["position"] for event in log] != list(range(1, len(log) + 1)):
        wrong.append("the positions of the log have a gap, or one of them stands twice")
    return wrong


def _judge_reads(report: Report, load: Load) -> None:
    for (_, kind), answers in load.answers.items():
        good = [answer for answer in answers if answer.position is not None]
        pause = longest_pause([answer.ended for answer in good])
        report.reads[kind] = report.reads.get(kind, 0) + len(answers)
        report.failed[kind] = report.failed.get(kind, 0) + len(answers) - len(good)
        report.read_pause[kind] = max(report.read_pause.get(kind, 0.0), pause)
        report.faults += [
            f"a read gave less than asked for: {one.detail or one.position}" for one in good if _less(one)
        ]
    for kind, pause in report.read_pause.items():
        if pause > LONGEST_READ_PAUSE:
            report.faults.append(f"nothing was read ({kind}) for {pause:.1f} s")


def _less(answer: Answer) -> bool:
    return answer.position is not None and answer.position < answer.needed
