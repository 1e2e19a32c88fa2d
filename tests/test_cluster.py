"""On several machines: a leader or a standby is killed under load, nothing acknowledged is lost, and reads go on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.cluster import cluster, programs, rehearsal, service
from deploy.cluster.judging import Report
from deploy.cluster.layout import Layout


@pytest.fixture(scope="module")
def layout(deep: bool) -> Iterator[Layout]:
    """A cluster of three nodes, two web processes and two workers, gone afterwards."""
    if not deep:
        pytest.skip("a cluster takes some minutes: run with --deep")
    if missing := programs.missing():
        pytest.skip(f"not installed: {', '.join(missing)}; on Debian: apt install {' '.join(missing)}")
    folder = Path(tempfile.mkdtemp(prefix="depositary-cluster-"))
    folder.chmod(0o755)
    made = cluster.up(folder)
    try:
        yield made
    finally:
        cluster.down(made)
        shutil.rmtree(folder, ignore_errors=True)


def test_whatever_node_is_lost_no_event_is_and_reads_go_on(layout: Layout) -> None:
    """One test, so that one cluster is enough however many processes run the tests."""
    killed, frozen = lost(layout, rehearsal.lose_the_leader), lost(layout, rehearsal.freeze_the_leader)
    assert killed.victim != killed.leader
    assert frozen.victim != frozen.leader
    lost(layout, rehearsal.lose_a_standby)
    one_worker_leads(layout)
    service.command(layout, "check")
    it_goes_down_and_comes_up_again(layout)


def lost(layout: Layout, rehearse: Callable[[Layout], Report]) -> Report:
    report = rehearse(layout)
    print("\n".join(report.lines()))
    assert report.faults == []
    assert report.acknowledged > 200
    return report


def one_worker_leads(layout: Layout) -> None:
    lines = [line for line in cluster.status(layout) if line.startswith("worker")]
    assert sorted(line.partition("  ")[2] for line in lines) == ["leads", "stands by"]


def it_goes_down_and_comes_up_again(layout: Layout) -> None:
    head = len(rehearsal.whole_log(layout, 0))
    cluster.down(layout)
    names = ("etcd", *(node.name for node in layout.nodes), *service.processes(layout))
    assert [name for name in names if programs.running(layout.folder, name)] == []
    assert cluster.up(layout.folder) == layout
    assert len(rehearsal.whole_log(layout, head)) == head
