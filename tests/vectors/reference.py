#!/usr/bin/env python3
"""A second reading of RFC 9110, section 13, independent of the crate.

    reference.py           writes preconditions-product.json
    reference.py --check   fails if that file is out of date, or if this
                           reading disagrees with a row written by hand

Only the standard library is used. Field values are bytes.
"""

import datetime
import itertools
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent

# Section 8.8.3.
TAG = rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
# A member that begins like a tag ends at its closing quote or later. Any text
# between that and the comma is part of it, and makes it malformed.
MEMBER = re.compile(rb'[ \t]*((?:W/)?"[^"]*"[^,]*|(?:W/)?"[^"]*$|[^,]*)(?:,|$)')


def members(lines):
    for line in lines:
        at = 0
        while at < len(line):
            found = MEMBER.match(line, at)
            at = found.end()
            member = found.group(1).strip(b" \t")
            if member:
                yield member


def matches(lines, etag, strong):
    """Evaluates a list by sections 13.1.1 and 13.1.2, with the comparison of 8.8.3.2."""
    for member in members(lines):
        if not re.fullmatch(TAG, member):
            continue
        if strong:
            if member == etag and not etag.startswith(b"W/"):
                return True
        elif member.removeprefix(b"W/") == etag.removeprefix(b"W/"):
            return True
    return False


SAFE = "GET HEAD QUERY OPTIONS TRACE PROPFIND REPORT SEARCH".split()


def malformed(lines):
    """Returns true for neither `*` nor a list with one well-formed member."""
    tags = (member for member in members(lines) if re.fullmatch(TAG, member))
    return lines != [b"*"] and not any(True for _ in tags)


# Section 5.6.7.
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
SHORT = "|".join(day[:3] for day in DAYS)
LONG = "|".join(DAYS)
MONTH = "(?P<month>" + "|".join(MONTHS) + ")"
TIME = r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
FORMS = [
    re.compile(rf"(?:{SHORT}), (?P<day>\d\d) {MONTH} (?P<year>\d{{4}}) {TIME} GMT", re.ASCII),
    re.compile(rf"(?:{LONG}), (?P<day>\d\d)-{MONTH}-(?P<year>\d\d) {TIME} GMT", re.ASCII),
    re.compile(rf"(?:{SHORT}) {MONTH} (?P<day>\d\d| \d) {TIME} (?P<year>\d{{4}})", re.ASCII),
]
EPOCH = datetime.datetime(1970, 1, 1)


def seconds(text, now):
    """Returns one HTTP-date as seconds since 1970, or None."""
    text = text.strip(b" \t").decode("latin-1")
    for form in FORMS:
        found = form.fullmatch(text)
        if found:
            break
    else:
        return None
    part = {name: found[name] for name in ("day", "year", "h", "m", "s")}
    part = {name: int(value) for name, value in part.items()}
    year = part["year"]
    leap = (part["h"], part["m"], part["s"]) == (23, 59, 60)
    today = EPOCH + datetime.timedelta(seconds=now)
    years = [year]
    if len(found["year"]) == 2:
        # The year is the latest one that is not more than 50 calendar years ahead.
        years = [y for y in range(today.year + 50, today.year - 51, -1) if y % 100 == year]
    for year in years:
        try:
            date = datetime.datetime(
                year,
                MONTHS.index(found["month"]) + 1,
                part["day"],
                part["h"],
                part["m"],
                59 if leap else part["s"],
            )
        except ValueError:
            continue
        # Tuples are compared, since the year 50 years ahead may have no 29 February.
        limit = (today.year + 50, *today.timetuple()[1:6])
        if len(years) == 1 or date.timetuple()[:6] <= limit:
            return int((date - EPOCH).total_seconds()) + leap
    return None


def one_date(lines, now):
    return seconds(lines[0], now) if len(lines) == 1 else None


def evaluate(method, fields, state, now):
    """Returns the decision by sections 13.2.1 and 13.2.2, and its rule."""
    lines = {}
    for name, value in fields:
        lines.setdefault(name.lower(), []).append(value.encode("latin-1").strip(b" \t"))
    writes = method not in SAFE
    if method in ("CONNECT", "OPTIONS", "TRACE"):
        return "proceed", "13.2.1", "R-9110-13.2.1-a"
    if state == "unknown":
        # A misspelt condition admits no write in any state.
        for name, section in (("If-Match", "13.1.1"), ("If-None-Match", "13.1.2")):
            if writes and name.lower() in lines and malformed(lines[name.lower()]):
                return f"failed: {name}", section, "R-9110-13.1.2-d"
        return "proceed", "13.2.1", "R-9110-13.2.1-d"
    exists = state != "absent"
    etag = state["etag"].encode("latin-1") if exists and "etag" in state else None
    modified = state.get("last_modified") if exists else None
    reads = method in ("GET", "HEAD", "QUERY")
    decided = ("proceed", "13.2.2", "R-9110-13.2.2-a")

    # Steps 1 and 2.
    if "if-match" in lines:
        star = lines["if-match"] == [b"*"]
        rule = "R-9110-13.1.1-g" if reads else "R-9110-13.1.1-c" if star else "R-9110-13.1.1-a"
        listed = etag is not None and matches(lines["if-match"], etag, strong=True)
        if not (exists if star else listed):
            return "failed: If-Match", "13.1.1", rule
        decided = ("proceed", "13.1.1", rule)
    elif "if-unmodified-since" in lines:
        date = one_date(lines["if-unmodified-since"], now)
        decided = ("proceed", "13.1.4", "R-9110-13.1.4-a")
        if date is None or modified is None:
            pass
        # Section 8.8.2.2: the second is not over, so the date may stand for two states.
        elif modified > date or modified == date >= now:
            return "failed: If-Unmodified-Since", *decided[1:]

    # Steps 3 and 4.
    if "if-none-match" in lines:
        star = lines["if-none-match"] == [b"*"]
        listed = etag is not None and matches(lines["if-none-match"], etag, strong=False)
        if writes and malformed(lines["if-none-match"]):
            return "failed: If-None-Match", "13.1.2", "R-9110-13.1.2-d"
        if exists if star else listed:
            if method == "QUERY":
                return "not_modified", "13.1.2", "R-QUERY-cond-a"
            if reads:
                return "not_modified", "13.1.2", "R-9110-13.1.2-c" if star else "R-9110-13.1.2-b"
            return "failed: If-None-Match", "13.1.2", "R-9110-13.1.2-f"
        if "if-match" not in lines:
            decided = ("proceed", "13.1.2", "R-9110-13.1.2-c" if star else "R-9110-13.1.2-a")
    elif "if-modified-since" in lines:
        date = one_date(lines["if-modified-since"], now)
        if not reads or date is None or modified is None:
            if len(lines) == 1:
                decided = ("proceed", "13.1.3", "R-9110-13.1.3-b")
        elif modified <= date:
            return "not_modified", "13.1.3", "R-QUERY-cond-a" if method == "QUERY" else "R-9110-13.1.3-c"
        elif len(lines) == 1:
            decided = ("proceed", "13.1.3", "R-9110-13.1.3-c")
    elif "if-range" in lines and len(lines) == 1:
        decided = ("proceed", "13.1.5", "R-9110-13.1.5-a")
    return decided


METHODS = "GET HEAD QUERY POST PUT PATCH DELETE OPTIONS CONNECT TRACE FOO".split()
NOW = 1_000_000_000
MODIFIED = 784_111_777
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"
EQUAL = "Sun, 06 Nov 1994 08:49:37 GMT"
LATER = "Mon, 07 Nov 1994 08:49:37 GMT"
STATES = {
    "unknown": "unknown",
    "absent": "absent",
    "no validators": {},
    "strong tag": {"etag": '"v"'},
    "weak tag": {"etag": 'W/"v"'},
    "tag and date": {"etag": '"v"', "last_modified": MODIFIED},
    "date": {"last_modified": MODIFIED},
    "date of this second": {"last_modified": MODIFIED},
}
TAGS = ['"v"', 'W/"v"', '"old"', "*", "v"]
FIELDS = {
    "If-Match": TAGS,
    "If-None-Match": TAGS,
    "If-Modified-Since": [EARLIER, EQUAL, LATER],
    "If-Unmodified-Since": [EARLIER, EQUAL, LATER],
    "If-Range": ['"v"', EQUAL],
}
# For each header: a value that is true for "tag and date", and one that is false.
TRUE_FALSE = {
    "If-Match": ('"v"', '"old"'),
    "If-Unmodified-Since": (EQUAL, EARLIER),
    "If-None-Match": ('"old"', '"v"'),
    "If-Modified-Since": (EARLIER, EQUAL),
    "If-Range": ('"v"', '"old"'),
}


def row(name, method, fields, state):
    now = MODIFIED if state == "date of this second" else NOW
    expected, section, rule = evaluate(method, fields, STATES[state], now)
    return {
        "name": name,
        "method": method,
        "request": fields,
        "state": STATES[state],
        "now": now,
        "expected": expected,
        "rfc": f"RFC 9110 {section}",
        "id": rule,
    }


def product():
    for name, values in FIELDS.items():
        for value, state, method in itertools.product(values, STATES, METHODS):
            yield row(f"{method} {name}: {value}, {state}", method, [[name, value]], state)
    # All subsets of the five headers, each true or false. If-Range decides nothing.
    for choice in itertools.product((None, 0, 1), repeat=5):
        fields = [
            [name, TRUE_FALSE[name][pick]]
            for name, pick in zip(TRUE_FALSE, choice)
            if pick is not None
        ]
        if len(fields) == 1 or choice[4] == 1:
            continue
        pattern = "".join("-" if pick is None else "TF"[pick] for pick in choice)
        methods = METHODS if 0 not in choice[:4] else ["GET", "PUT"]
        for method in methods:
            yield row(f"{method} all five {pattern}, tag and date", method, fields, "tag and date")
            if method in ("GET", "PUT") and 1 not in choice:
                yield row(f"{method} all five {pattern}, absent", method, fields, "absent")


def write(rows):
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


def run(name, rows, decide):
    """Writes the product. With --check, compares it with its file, and this reading with the rows
    written by hand."""
    text = write(rows)
    product = HERE / f"{name}-product.json"
    if "--check" not in sys.argv[1:]:
        product.write_text(text)
        return 0
    wrong = 0
    if product.read_text() != text:
        script = pathlib.Path(sys.argv[0]).name
        print(f"{product.name} is out of date: run {script}", file=sys.stderr)
        wrong += 1
    for hand in json.loads((HERE / f"{name}.json").read_text()):
        ours = decide(hand)[0]
        if ours != hand["expected"]:
            print(f"{hand['name']}: by hand {hand['expected']}, here {ours}", file=sys.stderr)
            wrong += 1
    return min(wrong, 1)


def decide(row):
    return evaluate(*(row[key] for key in ("method", "request", "state", "now")))


if __name__ == "__main__":
    sys.exit(run("preconditions", product(), decide))
