"""A node is lost under load, and comes back: what that does to writes, reads and workers, measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from deploy.cluster import load, nodes, service
from deploy.cluster.asking import ask
from deploy.cluster.judging import Report, judge
from deploy.cluster.layout import Layout, Node

Act = Callable[[Layout, Node], None]
BEFORE, AFTER = 6.0, 8.0
FAILOVER, RETURN, CATCHING_UP = 60.0, 120.0, 60.0


def lose_the_leader(layout: Layout) -> Report:
    """Kill the node that leads. Raises TimeoutError when no other leads in time, or it does not come back."""
    return _lose(layout, nodes.wait(layout, len(layout.nodes) - 1), nodes.kill_node, nodes.start_node)


def lose_a_standby(layout: Layout) -> Report:
    """Kill the node that each append waits for."""
    nodes.wait(layout, len(layout.nodes) - 1)
    return _lose(layout, nodes.synchronous(layout), nodes.kill_node, nodes.start_node)


def freeze_the_leader(layout: Layout) -> Report:
    """Let the node that leads hang, without an error to anybody, and go on when another leads."""
    return _lose(layout, nodes.wait(layout, len(layout.nodes) - 1), nodes.freeze_node, nodes.thaw_node)


def _lose(layout: Layout, victim: Node, away: Act, back: Act) -> Report:
    report = Report(victim=victim.name)
    with load.running(layout.bases(), layout.token) as seen:
        time.sleep(BEFORE)
        killed = time.monotonic()
        away(layout, victim)
        _written(seen, killed)
        time.sleep(AFTER)
        back(layout, victim)
        began = time.monotonic()
        report.leader = nodes.wait(layout, len(layout.nodes) - 1, RETURN).name
        report.returned = time.monotonic() - began
        time.sleep(AFTER)
    head = max(one.position for one in seen.acknowledged)
    judge(report, seen, whole_log(layout, head), killed)
    report.faults += _settled(layout, head)
    report.worker = service.leading_worker(layout)
    return report


def _written(seen: load.Load, killed: float) -> None:
    """Wait until something that was sent after the kill has been acknowledged for a while."""
    end = killed + FAILOVER
    while time.monotonic() < end:
        if len([one for one in seen.acknowledged[-50:] if one.at > killed + 3.0]) == 50:
            return
        time.sleep(0.2)
    raise TimeoutError("nothing was acknowledged any more after the kill")


def whole_log(layout: Layout, position: int) -> list[dict[str, Any]]:
    """Every event, once the log has reached a position."""
    headers = {"Accept": "application/x-ndjson"}
    address = f"{layout.bases()[0]}/api/v1/events?min_position={position}"
    with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
        answer.raise_for_status()
        return [json.loads(line) for line in answer.iter_lines()]


def _settled(layout: Layout, head: int) -> list[str]:
    """What is not in order a while after the load: views that lag, standbys left out, workers that do not lead."""
    end = time.monotonic() + CATCHING_UP
    while True:
        found = [fault for base in layout.bases() for fault in _unsettled(base, head, len(layout.nodes) - 1)]
        if service.leading_worker(layout) is None:
            found.append("no worker leads, or more than one")
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.5)


def _unsettled(base: str, head: int, standbys: int) -> list[str]:
    answer = ask(f"{base}/readyz")
    if answer is None:
        return [f"{base} does not answer"]
    parts = answer["parts"]
    views = [part for name, part in parts.items() if name.startswith("projection:")]
    found = [f"{base}: a view is not abreast: {view}" for view in views if view["lag"] or view["position"] < head]
    good = [name for name, part in parts.items() if name.startswith("standby:") and part["status"] == "ok"]
    return found if len(good) == standbys else [*found, f"{base}: {len(good)} standbys are read from: {parts}"]
