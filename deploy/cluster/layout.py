"""Where everything of one cluster is: its folder, the ports, the secrets, and the URLs made of them.

It is written to `cluster.json` in the folder, which only the owner may read, so that later commands find it again.
"""

from __future__ import annotations

import json
import secrets
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ADDRESS = "127.0.0.1"
FILE = "cluster.json"
NODES, WEBS, WORKERS = 3, 2, 2


@dataclass(frozen=True, kw_only=True)
class Node:
    """One PostgreSQL server and the Patroni that looks after it."""

    name: str
    port: int
    rest: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One cluster. `etcd` and `peer` are the two ports of etcd, `webs` those of the web processes."""

    folder: Path
    etcd: int
    peer: int
    nodes: tuple[Node, ...]
    webs: tuple[int, ...]
    password: str
    secret: str
    token: str = ""

    def url(self, user: str, database: str = "depositary") -> str:
        """The primary, wherever it is: all nodes in one URL."""
        hosts = ",".join(f"{ADDRESS}:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{self.password}@{hosts}/{database}"

    def read_urls(self) -> str:
        """All nodes, each for itself; the one that leads is left out by who reads."""
        return ",".join(f"postgresql://depositary:{self.password}@{ADDRESS}:{n.port}/depositary" for n in self.nodes)

    def bases(self) -> list[str]:
        """The addresses of the web processes."""
        return [f"http://{ADDRESS}:{port}" for port in self.webs]

    def node(self, name: str) -> Node:
        """The node of this name. Raises KeyError."""
        return {node.name: node for node in self.nodes}[name]

    def with_token(self, token: str) -> Layout:
        """The same, with the token that writes to it."""
        return replace(self, token=token)

    def save(self) -> None:
        """Write it down."""
        path = self.folder / FILE
        path.touch(mode=0o600)
        path.write_text(json.dumps({**asdict(self), "folder": str(self.folder)}, indent=2), encoding="utf-8")


def new(folder: Path) -> Layout:
    """A cluster in this folder, on ports nobody listens on, with secrets nobody knows."""
    etcd, peer, *rest = _free_ports(2 + 2 * NODES + WEBS)
    pairs = list(zip(rest[:NODES], rest[NODES : 2 * NODES], strict=True))
    nodes = tuple(Node(name=f"node{n}", port=port, rest=api) for n, (port, api) in enumerate(pairs, 1))
    webs = tuple(rest[2 * NODES :])
    password, secret = secrets.token_hex(16), secrets.token_hex(32)
    return Layout(folder=folder, etcd=etcd, peer=peer, nodes=nodes, webs=webs, password=password, secret=secret)


def load(folder: Path) -> Layout:
    """The cluster of this folder. Raises FileNotFoundError."""
    kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    nodes = tuple(Node(**node) for node in kept["nodes"])
    return Layout(**{**kept, "folder": folder, "nodes": nodes, "webs": tuple(kept["webs"])})


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((ADDRESS, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
