# SPDX-License-Identifier: MIT
"""What a question means to another program, put as a question that Carillon can be asked.

A rule is a function from a Reading to another one, or to None where it has nothing to say. Its name says what the other
program does, its one line gives the reason, and in brackets the section of docs/schedules.md with what is done here.
Rules never see the other program's answer, and they are applied to every question, not only where answers differ: what
all of them together make of a question, answered by Carillon, is what the other program must have answered.
"""

import dataclasses
import datetime
import functools
import json
import re
import subprocess
import zoneinfo

FIELDS = {
    5: ("minute", "hour", "day", "month", "weekday"),
    6: ("second", "minute", "hour", "day", "month", "weekday"),
    7: ("second", "minute", "hour", "day", "month", "weekday", "year"),
}
FIRST = {"second": 0, "minute": 0, "hour": 0, "day": 1, "month": 1, "weekday": 0, "year": 1970}
LAST = {"second": 59, "minute": 59, "hour": 23, "day": 31, "month": 12, "weekday": 7, "year": 2199}
NAMES = {
    "month": "- jan feb mar apr may jun jul aug sep oct nov dec".split(),
    "weekday": "sun mon tue wed thu fri sat".split(),
}
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def number(field, text):
    """The number that stands there or has that name of three letters, else None."""
    names = NAMES.get(field, [])
    return int(text) if re.fullmatch(r"[0-9]+", text) else names.index(text.lower()) if text.lower() in names else None


def civil_date(at):
    """The date at so many seconds since 1970, on clocks that show UTC."""
    return datetime.date(1970, 1, 1) + datetime.timedelta(seconds=at)


def offset(zone, at):
    """Seconds that the zone's clocks are ahead of UTC."""
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=at)
    return int(moment.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset().total_seconds())


@dataclasses.dataclass(frozen=True)
class Item:
    """One item of a list. Plain ones are a star, a value or a range, each perhaps with a step; others are a text."""

    field: str
    text: str
    star: bool = False
    start: int | None = None
    end: int | None = None
    step: int | None = None

    @classmethod
    def of(cls, field, text):
        match = re.fullmatch(r"(\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([0-9]+))?", text, re.IGNORECASE)
        ends = [number(field, end) for end in match.group(2, 3) if end] if match else []
        if not match or None in ends or match[4] and int(match[4]) == 0:
            return cls(field, text)
        return cls(field, text, match[1] == "*", *(ends + [None, None])[:2], int(match[4]) if match[4] else None)

    def is_plain(self):
        return self.star or self.start is not None

    def is_range(self):
        return self.end is not None

    def is_open_step(self):
        return self.start is not None and self.end is None and self.step is not None

    def values(self):
        """The numbers of a plain item as they are written, 7 for Sunday where it says so; none for anything else."""
        if not self.is_plain():
            return []
        last = 6 if self.field == "weekday" else LAST[self.field]
        start = FIRST[self.field] if self.star else self.start
        end = self.end if self.is_range() else last if self.star or self.step else start
        return list(range(start, end + 1, self.step or 1))


@dataclasses.dataclass(frozen=True)
class Reading:
    text: str
    dialect: str
    zone: str
    policy: str = "vixie"
    refused: bool = False
    never: bool = False  # a field has no value at all
    beyond: bool = False  # occurrences outside of Carillon's years may follow
    # (carillon, reading, at, sign): the occurrence after `at`, or with -1 before it, where Carillon's is not the one.
    search: object = None

    @functools.cached_property
    def fields(self):
        """The fields by name, in order; none where it is not a text of five to seven fields."""
        parts = self.text.split()
        return dict(zip(FIELDS.get(len(parts), ()), parts))

    def items(self, field):
        text = self.fields.get(field, "")
        return [Item.of(field, item) for item in (text.removeprefix("+") if field == "weekday" else text).split(",")]

    def all_items(self):
        return [item for field in self.fields for item in self.items(field)]

    def asks_for_both_days(self):
        return self.fields.get("weekday", "").startswith("+")

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def refuse(self):
        return self.but(refused=True)

    def with_field(self, field, text):
        return self.but(text=" ".join({**self.fields, field: text}.values()))

    def with_items(self, field, texts):
        """With this list in the field, its + kept; with no item at all it never fires."""
        if not self.fields:
            return self
        plus = "+" if field == "weekday" and self.asks_for_both_days() else ""
        return self.with_field(field, plus + ",".join(texts)) if texts else self.with_field(field, "*").but(never=True)


class Carillon:
    """The program of questions.cpp, which answers."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "answer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def answer(self, reading, question):
        """The answer to the reading of a question: {"times": [...]} or {"error": ...}."""
        answer = {"error": "refused"} if reading.refused else self._of_text(reading, question)
        if "error" in answer:
            return answer
        if reading.never:
            answer = {"times": []}
        elif reading.search:
            answer = {"times": self._search(reading, question)}
        return {**answer, "beyond": True} if reading.beyond and len(answer["times"]) < 4 else answer

    def step(self, reading, at, sign=1):
        """The occurrence after `at`, or with -1 before it, and None where there is none."""
        times = self._of_text(reading, {"at": at, "hop": 0, "back": sign < 0})["times"]
        return times[0] if times else None

    def _of_text(self, reading, question):
        asked = {"text": reading.text, "dialect": reading.dialect, "zone": reading.zone, "policy": reading.policy}
        return self._ask(json.dumps({**asked, **{key: question[key] for key in ("at", "hop", "back")}}))

    @functools.lru_cache(maxsize=10_000)
    def _ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def _search(self, reading, question):
        sign = -1 if question["back"] else 1
        at, times = question["at"], []
        while len(times) < 4 and (found := reading.search(self, reading, at, sign)) is not None:
            times.append(found)
            at = found + sign * question["hop"]
        return times
