"""What every view must answer, counted by brute force from a list of events.

It is written from the contract alone and shares no code with the product: nothing here is fast, everything here
can be checked against the contract by eye. Days are ISO texts, which sort as dates do.
"""

import calendar
import unicodedata
from itertools import groupby

CORRECTABLE = ("occurred_on", "title", "data", "sources", "note")
ONE_PARTY = ("party", "visitor", "host", "by", "to", "sender", "organisation")
MANY_PARTIES = ("parties", "targets")


def bounds(occurred_on):
    """Give (earliest, latest, end) of an EDTF text; `end` is None but for an interval."""
    if "/" in occurred_on:
        first, last = occurred_on.split("/")
        return (*bounds(first)[:2], bounds(last)[1])
    if occurred_on.startswith("["):
        first, last = occurred_on[1:-1].split("..")
        return bounds(first)[0], bounds(last)[1], None
    year, month, day = [*occurred_on.rstrip("?~%").split("-"), "XX", "XX"][:3]
    years = range(int(year.replace("X", "0")), int(year.replace("X", "9")) + 1)
    months = range(1, 13) if month == "XX" else [int(month)]
    every_month = [(y, m) for y in years for m in months]
    days = [
        f"{y:04}-{m:02}-{d:02}"
        for y, m in (every_month[0], every_month[-1])
        for d in range(1, calendar.monthrange(y, m)[1] + 1)
        if day in ("XX", f"{d:02}")
    ]
    return days[0], days[-1], None


def has_happened(action, as_of):
    return as_of is None or action["latest"] <= as_of


def has_or_may_have_happened(action, as_of):
    return as_of is None or action["earliest"] <= as_of


def timeline_order(action):
    return action["earliest"], action["latest"], action["position"]


def life_cycle_order(action):
    return action["latest"], action["earliest"], action["position"]


def merge_patch(target, patch):
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def set_content(action, content):
    """Put the five correctable fields, and all that follows from them, into `action`."""
    data = dict(content["data"])
    if action["type"] == "meeting.held":
        data.setdefault("formal", True)
        data.setdefault("level", "leader")
    earliest, latest, end = bounds(content["occurred_on"])
    sources = content.get("sources") or []
    action.update(occurred_on=content["occurred_on"], earliest=earliest, latest=latest, end=end)
    action.update(title=content["title"], data=data, note=content.get("note"))
    action.update(sources=sources, sourced=bool(sources))


def actions(log, position):
    """Every act known at `position`, retracted ones too, as it stands there."""
    found = {}
    for event in log:
        kind = event["type"].split(".")[0]
        if event["position"] > position or kind == "edition":
            continue
        if kind != "record":
            action = {key: event[key] for key in ("id", "stream", "type", "recorded_at", "position")}
            action.update(kind=kind, revisions=0, retracted=False)
            set_content(action, {key: event[key] for key in CORRECTABLE if key in event})
            found[event["id"]] = action
            continue
        action = found[event["data"]["event"]]
        action["revisions"] += 1
        match event["type"]:
            case "record.corrected":
                content = {key: action[key] for key in CORRECTABLE}
                set_content(action, merge_patch(content, event["data"]["changes"]))
            case "record.retracted":
                action["retracted"] = True
            case "record.reinstated":
                action["retracted"] = False
    return list(found.values())


def carried_over(acts):
    """The data that `acts` of one stream, in life-cycle order, leave: later over earlier, null clears."""
    left = {}
    for act in acts:
        left.update(act["data"])
    return {key: value for key, value in left.items() if value is not None}


def data_in_view(action, every_action, as_of):
    """The action's own data and what it carries over from the acts that stand before it as of D."""
    if action["retracted"]:
        return carried_over([action])
    before = [
        other
        for other in every_action
        if other["stream"] == action["stream"]
        and not other["retracted"]
        and has_or_may_have_happened(other, as_of)
        and life_cycle_order(other) <= life_cycle_order(action)
    ]
    return carried_over(sorted(before, key=life_cycle_order))


def involved_parties(data):
    one = {data[field] for field in ONE_PARTY if field in data}
    many = {party for field in MANY_PARTIES for party in data.get(field, [])}
    return one | many


def involved_people(data):
    names = {person["name"] for person in data.get("people", [])}
    return names | ({data["person"]} if "person" in data else set())


def plain(text):
    """Text as it is compared: case and accents do not matter."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words(text):
    return set("".join(c if c.isalnum() else " " for c in plain(text)).split())


def says(wanted, texts):
    return plain(wanted) in {plain(text) for text in texts}


def searchable_words(action):
    data = action["data"]
    texts = [*action["title"].values(), *involved_people(carried_over([action]))]
    texts += [(data.get("place") or {}).get("name"), data.get("occasion"), action["note"]]
    return set().union(*(words(text) for text in texts if text))


def timeline(
    log, position, as_of=None, *, party=(), between=None, kind=(), type=(), person=None, topic=None, mode=(),
    formal=None, level=None, since=None, until=None, certain=False, q=None, sourced=None, retracted=False,
    order="desc",
):  # fmt: skip
    if since and as_of and since > as_of:
        return []
    every_action = actions(log, position)

    def is_shown(action):
        data = action["data"]
        in_view = data_in_view(action, every_action, as_of)
        parties = involved_parties(in_view)
        wholly_inside = (
            has_happened(action, as_of)
            and (since is None or action["earliest"] >= since)
            and (until is None or action["latest"] <= until)
        )
        return (
            has_or_may_have_happened(action, as_of)
            and (retracted or not action["retracted"])
            and (not party or bool(parties & set(party)))
            and (between is None or parties == set(between))
            and (not kind or action["kind"] in kind)
            and (not type or action["type"] in type)
            and (person is None or says(person, involved_people(in_view)))
            and (topic is None or says(topic, data.get("topics") or []))
            and (not mode or data.get("mode") in mode)
            and (formal is None or data.get("formal") is formal)
            and (level is None or data.get("level") == level)
            and (since is None or action["latest"] >= since)
            and (until is None or action["earliest"] <= until)
            and (not certain or wholly_inside)
            and (q is None or words(q) <= searchable_words(action))
            and (sourced is None or action["sourced"] is sourced)
        )

    shown = sorted(filter(is_shown, every_action), key=timeline_order, reverse=order == "desc")
    return [{**action, "certain": has_happened(action, as_of)} for action in shown]


def two_party_meetings(log, position, of, *, mode=(), formal="any", level=None, person=None, party=()):
    """All (other party, meeting) that pass the filters, whenever they were, in timeline order."""
    found = []
    for action in sorted(actions(log, position), key=timeline_order):
        data = action["data"]
        if (
            action["type"] == "meeting.held"
            and not action["retracted"]
            and len(data["parties"]) == 2
            and of in data["parties"]
            and (not mode or data["mode"] in mode)
            and formal in ("any", data["formal"])
            and level in (None, data["level"])
            and (person is None or says(person, involved_people(data)))
        ):
            (other,) = set(data["parties"]) - {of}
            if not party or other in party:
                found.append((other, action))
    return found


def counts(meeting, since, as_of):
    return has_happened(meeting, as_of) and (since is None or meeting["earliest"] >= since)


def may_count(meeting, since, as_of):
    return has_or_may_have_happened(meeting, as_of) and (since is None or meeting["latest"] >= since)


def tallies(log, position, as_of=None, *, of, since=None, **filters):
    if since and as_of and since > as_of:
        return []
    meetings = two_party_meetings(log, position, of, **filters)
    rows = []
    for code in {other for other, _ in meetings}:
        with_code = [meeting for other, meeting in meetings if other == code]
        counted = [m for m in with_code if counts(m, since, as_of)]
        possible = [m for m in with_code if may_count(m, since, as_of) and m not in counted]
        first, last = (counted[0]["occurred_on"], counted[-1]["occurred_on"]) if counted else (None, None)
        before = [m["occurred_on"] for m in with_code if since and m["latest"] < since]
        row = {"party": code, "count": len(counted), "possible": len(possible), "first": first, "last": last}
        if counted or possible:
            rows.append({**row, "previous": before[-1] if before else None})
    return sorted(rows, key=lambda row: (-row["count"], row["party"]))


def series(log, position, as_of=None, *, of, since=None, **filters):
    if since and as_of and since > as_of:
        return []
    meetings = two_party_meetings(log, position, of, **filters)
    certain_on = [(m["latest"], other) for other, m in meetings if counts(m, since, as_of)]
    return [
        {"on": on, "party": code, "count": sum(o == code and day <= on for day, o in certain_on)}
        for on, code in sorted(set(certain_on))
    ]


def status_left(acts):
    """Give (status, the act that made it) after `acts`, which have happened and are in life-cycle order."""
    status, made_by, in_force = None, None, False
    for act in acts:
        was = status
        match act["type"].split("."):
            case [_, "established" | "resumed"]:
                status = "active"
            case [_, "suspended"]:
                status = "suspended"
            case [_, "ended"]:
                status = "ended"
            case [_, "signed"] if was is None:
                status = "active"
            case [_, "ratified"] if not in_force and was in (None, "active"):
                status = "pending"
            case [_, "in_force"]:
                if was in (None, "pending") or (was == "active" and not in_force):
                    status, made_by = "active", act
                in_force = True
        if status != was:
            made_by = act
    return status, made_by


def partnerships(log, position, as_of=None, *, today, party=(), status="active", form=None, kinds=("partnership",)):
    happened = [
        action
        for action in actions(log, position)
        if action["kind"] in kinds and not action["retracted"] and has_happened(action, as_of)
    ]
    happened.sort(key=lambda action: (action["stream"], life_cycle_order(action)))
    rows = []
    for stream, group in groupby(happened, key=lambda action: action["stream"]):
        acts = list(group)
        data = carried_over(acts)
        expires_on = data.get("expires_on")
        status_now, made_by = status_left(acts)
        if status_now is None:
            continue  # only within a batch: its first act is not known yet
        if status_now in ("active", "suspended") and expires_on and expires_on < (as_of or today):
            status_now = "expired"
        row = {
            "stream": stream,
            "name": data.get("name"),
            "parties": data.get("parties", []),
            "form": data.get("form"),
            "scope": data.get("scope", []),
            "status": status_now,
            "since": made_by["occurred_on"],
            "until": made_by["occurred_on"] if status_now == "ended" else expires_on,
            "expires_on": expires_on,
            "acts": [act["id"] for act in acts],
        }
        if status in ("all", status_now) and set(party) <= set(row["parties"]) and form in (None, row["form"]):
            rows.append(row)
    return rows


def changed(key, before, after, absent):
    rows = [
        {key: name, "from": before.get(name, absent), "to": after.get(name, absent)}
        for name in sorted({*before, *after})
    ]
    return [row for row in rows if row["from"] != row["to"]]


def diff(log, frm, to, *, of=None, today):
    """Hold two views side by side; `frm` and `to` are (as_of, position)."""

    def view(as_of, position):
        counted = tallies(log, position, as_of, of=of) if of else []
        standing = partnerships(log, position, as_of, today=today, status="all")
        return (
            {item["id"]: item for item in timeline(log, position, as_of)},
            {row["party"]: row["count"] for row in counted},
            {row["stream"]: row["status"] for row in standing},
        )

    (items_a, counts_a, statuses_a), (items_b, counts_b, statuses_b) = view(*frm), view(*to)
    in_both = [id for id in items_b if id in items_a]
    return {
        "actions": {
            "added": [id for id in items_b if id not in items_a],
            "removed": [id for id in items_a if id not in items_b],
            "corrected": [id for id in in_both if any(items_a[id][key] != items_b[id][key] for key in CORRECTABLE)],
        },
        "tallies": changed("party", counts_a, counts_b, 0),
        "partnerships": changed("stream", statuses_a, statuses_b, None),
    }
