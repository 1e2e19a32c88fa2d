"""etcd, and the PostgreSQL nodes that Patroni looks after: started, asked, killed."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from string import Template
from typing import Any

from deploy.cluster import programs
from deploy.cluster.asking import ask
from deploy.cluster.layout import ADDRESS, Layout, Node

HERE = Path(__file__).resolve().parent
STARTING = 120.0
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def start_etcd(layout: Layout) -> None:
    """Start etcd. On machines of your own run three, each with the others in `--initial-cluster`."""
    client, peer = f"http://{ADDRESS}:{layout.etcd}", f"http://{ADDRESS}:{layout.peer}"
    data = layout.folder / "etcd"
    data.mkdir(mode=0o700, exist_ok=True)
    programs.give(data)
    options = {
        "name": "etcd1",
        "data-dir": data,
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"etcd1={peer}",
        "auto-compaction-mode": "periodic",
        "auto-compaction-retention": "1h",
        "log-level": "warn",
        **({} if _protocol() == "etcd3" else {"enable-v2": "true"}),
    }
    command: list[str | Path] = [programs.must("etcd"), *(f"--{name}={value}" for name, value in options.items())]
    programs.start(layout.folder, "etcd", programs.as_server(command), PLAIN, data)


def start_node(layout: Layout, node: Node) -> None:
    """Start Patroni, which starts PostgreSQL: as the first leader, or as a copy of the one there is."""
    folder = layout.folder / node.name
    folder.mkdir(mode=0o700, exist_ok=True)
    programs.give(folder)
    path = folder / "patroni.yml"
    path.touch(mode=0o600)
    path.write_text(_configuration(layout, node, folder), encoding="utf-8")
    programs.give(path)
    programs.start(layout.folder, node.name, programs.as_server([programs.must("patroni"), path]), PLAIN, folder)


def kill_node(layout: Layout, node: Node) -> None:
    """End Patroni, PostgreSQL and all its processes at once, as when the machine loses power."""
    _signal(layout, node, signal.SIGKILL)


def freeze_node(layout: Layout, node: Node) -> None:
    """Let all of it hang, as a bad disk does: connections stay open, and nothing answers."""
    _signal(layout, node, signal.SIGSTOP)


def thaw_node(layout: Layout, node: Node) -> None:
    """Let it go on where it hung."""
    _signal(layout, node, signal.SIGCONT)


def _signal(layout: Layout, node: Node, what: signal.Signals) -> None:
    patroni, postmaster = programs.running(layout.folder, node.name), _postmaster(layout, node)
    for number in (patroni, postmaster):
        if number:
            programs.signalled(number, what)


def stop_node(layout: Layout, node: Node) -> None:
    """Let Patroni stop PostgreSQL, and leave nothing of either."""
    programs.stop(layout.folder, node.name)
    kill_node(layout, node)


def states(layout: Layout) -> dict[str, dict[str, Any]]:
    """What the Patroni of each node that answers says of it: `role`, `state`, `xlog`, and `replication` of a leader."""
    answers = {node.name: ask(f"http://{ADDRESS}:{node.rest}/patroni", 3.0) for node in layout.nodes}
    return {name: answer for name, answer in answers.items() if answer}


def leader(layout: Layout) -> Node | None:
    """The node that leads and takes writes."""
    found = [name for name, state in states(layout).items() if leads(state)]
    return layout.node(found[0]) if len(found) == 1 else None


def leads(state: dict[str, Any]) -> bool:
    """Whether this is the state of a node that takes writes."""
    return state.get("role") in ("master", "primary", "leader") and state.get("state") == "running"


def followers(layout: Layout) -> dict[str, str]:
    """The nodes that stream from the leader, each with `sync` when appends wait for it, else `async`."""
    rows = [row for state in states(layout).values() if leads(state) for row in state.get("replication", ())]
    return {row["application_name"]: row["sync_state"] for row in rows if row["state"] == "streaming"}


def synchronous(layout: Layout) -> Node:
    """The node that each append waits for. Raises StopIteration when there is none."""
    return next(layout.node(name) for name, state in followers(layout).items() if state != "async")


def wait(layout: Layout, count: int, seconds: float = STARTING) -> Node:
    """Wait for a leader that this many nodes follow, appends waiting for one of them. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(programs.running(layout.folder, node.name) for node in layout.nodes):
        first, found = leader(layout), followers(layout)
        if first and len(found) >= count and (not count or any(state != "async" for state in found.values())):
            return first
        time.sleep(0.2)
    raise TimeoutError(f"the nodes did not come up; see the logs in {layout.folder}")


def _configuration(layout: Layout, node: Node, folder: Path) -> str:
    words = {"address": ADDRESS, "etcd": layout.etcd, "password": layout.password, "folder": folder}
    words |= {
        "protocol": _protocol(),
        "name": node.name,
        "port": node.port,
        "rest": node.rest,
        "programs": programs.must("postgres").parent,
    }
    return Template((HERE / "patroni.yml").read_text(encoding="utf-8")).substitute(words)


def _protocol() -> str:
    """How Patroni talks to etcd. Before 3.0.3 it took the lead back over etcd's API 3 when it awoke from a pause."""
    version = programs.version("patroni")
    return "etcd3" if version >= (3, 0, 3) else "etcd"


def _postmaster(layout: Layout, node: Node) -> int | None:
    """The number of the node's first PostgreSQL process, if that is still the one of its data folder."""
    data = layout.folder / node.name / "data"
    try:
        number = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        return number if Path(f"/proc/{number}/cwd").readlink() == data else None
    except (OSError, ValueError, IndexError):
        return None
