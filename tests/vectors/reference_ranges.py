#!/usr/bin/env python3
"""A second reading of RFC 9110, sections 13.1.5 and 14, independent of the crate.

    reference_ranges.py           writes ranges-product.json
    reference_ranges.py --check   fails if that file is out of date, or if this
                                  reading disagrees with a row written by hand

The conditions are those of reference.py. Only the standard library is used.
"""

import itertools
import re
import sys

# No directory for compiled files is left in the tree.
sys.dont_write_bytecode = True

from reference import EARLIER, EQUAL, LATER, MODIFIED, NOW, STATES, TAG, TRUE_FALSE
from reference import evaluate, run, seconds

# Sections 14.1.1 and 14.1.2, with the empty members of section 5.6.1.2.
RANGE = re.compile(rb"(?i:bytes)=(.*)", re.DOTALL)
SPEC = re.compile(rb"([0-9]+)-([0-9]*)|-([0-9]+)")


def specs(lines):
    """Returns pairs of first and last position, of which one may be None. None is no valid set."""
    found = RANGE.fullmatch(lines[0]) if len(lines) == 1 else None
    if not found:
        return None
    pairs = []
    for member in found.group(1).split(b","):
        member = member.strip(b" \t")
        if not member:
            continue
        spec = SPEC.fullmatch(member)
        if not spec:
            return None
        first, last = (int(digits) if digits else None for digits in (spec[1], spec[2] or spec[3]))
        if first is not None and last is not None and last < first:
            return None
        pairs.append((first, last))
    return pairs or None


def joined(parts):
    """Joins parts that overlap or touch. A joined part stands where its first one stood."""
    groups = []
    for part in parts:
        touching = [g for g in groups if part[0] <= g[1] + 1 and g[0] <= part[1] + 1]
        both = [part, *touching]
        both = (min(first for first, _ in both), max(last for _, last in both))
        place = groups.index(touching[0]) if touching else len(groups)
        groups = [g for g in groups[:place] if g not in touching] + [both] + [
            g for g in groups[place:] if g not in touching
        ]
    return groups


def plan(method, fields, state, length, date, now):
    """Returns the decision by section 13.2.2, of which ranges are the last step, and its rule."""
    decision, section, rule = evaluate(method, fields, state, now)
    if decision != "proceed":
        return decision, "13.2.2", "R-9110-14.2-b"
    lines = {}
    for name, value in fields:
        lines.setdefault(name.lower(), []).append(value.encode("latin-1").strip(b" \t"))
    if method != "GET":
        return "whole", "14.2", "R-9110-14.2-a"
    if "range" not in lines:
        return "whole", "13.1.5", "R-9110-13.1.5-a"
    if "if-range" in lines:
        rule = "R-9110-13.1.5-b"
        state = {} if state == "unknown" else state
        lone = lines["if-range"][0] if len(lines["if-range"]) == 1 else b""
        given = seconds(lone, now)
        if given is not None:
            rule = "R-9110-13.1.5-c"
            modified = state.get("last_modified")
            # Section 8.8.2.2: with the same second, the date may stand for two states.
            current = given == modified and modified < date
        else:
            etag = state.get("etag", "").encode("latin-1")
            current = bool(re.fullmatch(TAG, lone)) and lone[:1] == b'"' and lone == etag
        if not current:
            return "whole", "13.1.5", rule
    else:
        rule = "R-9110-14.1.2-a"
    pairs = specs(lines["range"])
    if pairs is None:
        return "whole", "14.2", "R-9110-14.1.2-b"
    parts = []
    emptied = False
    for first, last in pairs:
        if first is None:
            emptied = emptied or (length == 0 and last > 0)
            first, last = max(length - last, 0), length - 1
        last = length - 1 if last is None else min(last, length - 1)
        if first <= last:
            parts.append((first, last))
    if emptied:
        # Satisfiable, but no Content-Range can name it.
        return "whole", "14.1.2", rule
    if not parts:
        return "unsatisfiable", "15.5.17", "R-9110-14.2-c"
    parts = ",".join(f"{first}-{last}" for first, last in joined(parts))
    return f"parts: {parts}", "14.1.2", rule

METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS FOO".split()
RANGES = ["bytes=2-4", "bytes=-3", "bytes=10-", "bytes=9-1", "bytes=0-0,-1", "items=0-4"]
LENGTHS = [0, 1, 10, 2**63]
IF_RANGES = ['"v"', 'W/"v"', '"old"', "v", "*", '"v","v"', EARLIER, EQUAL, LATER]
RANGED_STATES = {name: state for name, state in STATES.items() if name != "absent"}


def row(name, method, fields, state, length=10):
    date = MODIFIED if state == "date of this second" else NOW
    at = (RANGED_STATES[state], length, date, date)
    expected, section, rule = plan(method, fields, *at)
    return {
        "name": name,
        "method": method,
        "request": fields,
        **dict(zip(("state", "length", "date", "now"), at)),
        "expected": expected,
        "rfc": f"RFC 9110 {section}",
        "id": rule,
    }


def positions():
    """Yields each pair of positions up to 12, and each one that is open at an end."""
    ends = ["", *map(str, range(13))]
    return (f"{first}-{last}" for first, last in itertools.product(ends, ends))


def product():
    for spec, length in itertools.product(positions(), LENGTHS):
        yield row(f"bytes={spec} of {length}", "GET", [["Range", f"bytes={spec}"]], "strong tag", length)
    for value, method in itertools.product(RANGES, METHODS[1:]):
        yield row(f"{method} Range: {value}", method, [["Range", value]], "tag and date")
    for value, given, state in itertools.product(RANGES, IF_RANGES, RANGED_STATES):
        fields = [["Range", value], ["If-Range", given]]
        yield row(f"Range: {value}, If-Range: {given}, {state}", "GET", fields, state)
    for given, state in itertools.product(IF_RANGES, RANGED_STATES):
        yield row(f"If-Range: {given}, {state}", "GET", [["If-Range", given]], state)
    # Beside all subsets of the four conditions, each true or false.
    conditions = {name: values for name, values in TRUE_FALSE.items() if name != "If-Range"}
    for choice in itertools.product((None, 0, 1), repeat=4):
        fields = [[n, conditions[n][pick]] for n, pick in zip(conditions, choice) if pick is not None]
        pattern = "".join("-" if pick is None else "TF"[pick] for pick in choice)
        for value, given in itertools.product(("bytes=2-4", "bytes=10-"), (None, *TRUE_FALSE["If-Range"])):
            if not fields:
                continue
            ranges = [["Range", value]] + ([["If-Range", given]] if given else [])
            for method in ("GET", "HEAD", "PUT") if value == "bytes=2-4" else ("GET",):
                name = f"{method} all four {pattern}, Range: {value}, If-Range: {given}"
                yield row(name, method, fields + ranges, "tag and date")
    # Each set of three ranges within the length, which join in every way.
    ends = [(first, last) for first in range(4) for last in range(first, 4)]
    for three in itertools.combinations(ends, 3):
        for order in (three, three[::-1], (three[1], three[2], three[0])):
            spec = ",".join(f"{2 * first}-{2 * last}" for first, last in order)
            yield row(f"three: {spec}", "GET", [["Range", f"bytes={spec}"]], "strong tag")


def decide(row):
    return plan(*(row[key] for key in ("method", "request", "state", "length", "date", "now")))


if __name__ == "__main__":
    sys.exit(run("ranges", product(), decide))
