# SPDX-License-Identifier: MIT
"""Answers the questions of questions.cpp with Debian's python3-croniter.

    python3 croniter_answers.py < questions

croniter writes some things in another way, and is asked in its own: the second stands last, the last Friday is L5, and
both day fields together are an option.
"""

import datetime
import importlib.metadata
import json
import re
import sys

import croniter
import pytz

WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}


def last_weekday(match):
    name = match[1].lower()
    return f"L{WEEKDAYS.get(name, name)}"


def its_spelling(text):
    """The text for croniter, and whether one of two day fields is enough."""
    fields = text.split()
    either = True
    if len(fields) in (5, 6):
        either = not re.match(r"\+.", fields[-1])
        items = (fields[-1] if either else fields[-1][1:]).split(",")
        fields[-1] = ",".join(re.sub(r"^(\d+|[a-z]{3})#?L$", last_weekday, item, flags=re.IGNORECASE) for item in items)
    if len(fields) == 6:
        fields = fields[1:] + fields[:1]
    return " ".join(fields), either


def answer(question):
    text, either = its_spelling(question["text"])
    zone = pytz.timezone(question["zone"])
    at = question["at"]
    times = []
    while len(times) < 4:
        start = datetime.datetime.fromtimestamp(at, zone)
        try:
            schedule = croniter.croniter(text, start, day_or=either)
        except Exception as error:  # of several kinds: some are mistakes in croniter's own way of saying no
            return {"error": str(error)}
        try:
            times.append(int(schedule.get_next(float)))
        except croniter.CroniterBadDateError:
            break
        at = times[-1] + question["hop"]
    return {"times": times}


print(json.dumps({"tool": "croniter", "version": importlib.metadata.version("croniter")}))
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
