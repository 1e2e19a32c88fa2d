"""Does a reader that follows the log miss anything while twelve writers append?

It remembers the position of the last event it read and asks for what lies behind it, as the product's own
documentation has it; what was committed and never read was skipped.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workload import Event

WRITERS, LARGEST, PAGE = 12, 5, 200

Append = Callable[[Sequence[Event]], None]
Read = Callable[[int, int], Sequence[tuple[int, Event]]]


def race(append: Append, read: Read, events: Sequence[Event]) -> dict[str, Any]:
    """Let the writers append all events, in transactions of one to five, while one reader follows."""
    committed: list[str] = []
    failures: list[str] = []
    seen: Counter[str] = Counter()
    done = threading.Event()

    def write(nth: int) -> None:
        chance, share = random.Random(nth), list(events[nth::WRITERS])
        while share:
            size = chance.randint(1, LARGEST)
            batch, share = share[:size], share[size:]
            try:
                append(batch)
                committed.extend(event["id"] for event in batch)
            except Exception as error:
                failures.append(f"{type(error).__name__}: {error}"[:200])

    def follow() -> None:
        last = 0
        while True:
            ending = done.is_set()
            page = read(last, PAGE)
            seen.update(event["id"] for _, event in page)
            last = page[-1][0] if page else last
            if ending and not page:
                return

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    done.set()
    reader.join()
    return {
        "committed": len(committed),
        "skipped": len(set(committed) - set(seen)),
        "twice": sum(1 for times in seen.values() if times > 1),
        "failed_appends": len(failures),
        "failure": failures[0] if failures else None,
    }
