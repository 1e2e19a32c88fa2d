"""The whole cluster: up in the right order, its state in lines, and down without a process left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.cluster import layout, nodes, programs, service
from deploy.cluster.asking import ask
from deploy.cluster.layout import Layout


def up(folder: Path) -> Layout:
    """Start etcd, the nodes, then the service; what a folder of an earlier cluster holds is gone on with.

    The folder must be one that the user `postgres` can reach. Raises FileNotFoundError for a missing program, and
    TimeoutError when something does not come up; everything is ended again then.
    """
    for name in programs.NEEDED:
        programs.must(name)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    known = (folder / layout.FILE).exists()
    here = layout.load(folder) if known else layout.new(folder)
    here.save()
    try:
        return _up(here)
    except BaseException:
        down(here)
        raise


def _up(here: Layout) -> Layout:
    nodes.start_etcd(here)
    first, *others = here.nodes
    nodes.start_node(here, first)
    if not here.token:
        nodes.wait(here, 0)
    for node in others:
        nodes.start_node(here, node)
    nodes.wait(here, len(others))
    if not here.token:
        here = here.with_token(service.prepare(here))
        here.save()
    service.start(here)
    return here


def down(here: Layout) -> None:
    """End the service, the standbys, the leader, etcd, in this order."""
    for name in reversed(service.processes(here)):
        programs.stop(here.folder, name)
    first = nodes.leader(here)
    for node in sorted(here.nodes, key=lambda node: node == first):
        nodes.stop_node(here, node)
    programs.stop(here.folder, "etcd")


def status(here: Layout) -> list[str]:
    """A line for each node, web process and worker."""
    states, followers = nodes.states(here), nodes.followers(here)
    lines = [f"{node.name}  port {node.port}  {_told(node.name, states, followers)}" for node in here.nodes]
    lines += [f"{base}  {_state(base)}" for base in here.bases()]
    holder = str(service.leading_worker(here)) if nodes.leader(here) else "unknown"
    for name in service.processes(here):
        if name.startswith("worker"):
            number = programs.running(here.folder, name)
            lines.append(f"{name}  {'gone' if number is None else _part(holder, number)}")
    return lines


def _told(name: str, states: dict[str, dict[str, Any]], followers: dict[str, str]) -> str:
    if name not in states:
        return "gone"
    if nodes.leads(states[name]):
        return "leads"
    return f"follows ({followers[name]})" if name in followers else f"{states[name].get('state')}, does not follow"


def _part(holder: str, number: int) -> str:
    return "leads" if holder.rpartition(":")[2] == str(number) else "stands by"


def _state(base: str) -> str:
    answer = ask(f"{base}/readyz")
    if answer is None:
        return "does not answer"
    parts = [f"{name} {part['status']}" for name, part in answer["parts"].items() if part["status"] != "ok"]
    return "  ".join([answer["status"], *parts])
