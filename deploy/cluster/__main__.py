"""Bring a whole cluster up on this machine, look at it, take its leader away, and take it down again.

python -m deploy.cluster up FOLDER            start everything; what it says stands in FOLDER
python -m deploy.cluster status FOLDER        who leads, who follows, what answers
python -m deploy.cluster kill FOLDER [NODE]   kill a node as a power cut would; without NODE, the leader
python -m deploy.cluster start FOLDER NODE    let it come back
python -m deploy.cluster rehearse FOLDER      write and read, kill the leader meanwhile, and say what came of it
python -m deploy.cluster down FOLDER          end everything; the data stay until the folder is removed
"""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.cluster import cluster, layout, nodes, rehearsal


def main(arguments: list[str]) -> int:
    """Do what the command line says; answer the exit code."""
    match arguments:
        case ["up", folder]:
            made = cluster.up(Path(folder).resolve())
            print(f"Web processes: {', '.join(made.bases())}\nToken: {made.token}\n")
            print("\n".join(cluster.status(made)))
        case ["status", folder]:
            print("\n".join(cluster.status(_layout(folder))))
        case ["kill", folder, *names] if len(names) < 2:
            here = _layout(folder)
            node = here.node(names[0]) if names else nodes.wait(here, 0)
            nodes.kill_node(here, node)
            print(f"{node.name} is gone")
        case ["start", folder, name]:
            here = _layout(folder)
            nodes.start_node(here, here.node(name))
        case ["rehearse", folder]:
            report = rehearsal.lose_the_leader(_layout(folder))
            print("\n".join(report.lines()))
            return 1 if report.faults else 0
        case ["down", folder]:
            cluster.down(_layout(folder))
        case _:
            print((__doc__ or "").strip())
            return 2
    return 0


def _layout(folder: str) -> layout.Layout:
    return layout.load(Path(folder).resolve())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
