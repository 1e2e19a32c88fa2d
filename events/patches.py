"""JSON merge patch (RFC 7396), and the difference of two values field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def merge(target: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7396, section 2): null removes, objects merge, all else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def differences(old: Any, new: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """What changed, as `{path, old, new}` with JSON pointers (RFC 6901); a missing field counts as null.

    Objects are compared field by field, lists as a whole.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            step = name.replace("~", "~0").replace("/", "~1")
            yield from differences(old.get(name), new.get(name), f"{path}/{step}")
    elif old != new or type(old) is not type(new):
        yield {"path": path, "old": old, "new": new}
