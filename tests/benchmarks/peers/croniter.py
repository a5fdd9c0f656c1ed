# SPDX-License-Identifier: MIT
# croniter.py - asks python3-croniter what Carillon is asked (carillon.cpp).
import datetime
import sys
import time
import zoneinfo

# The script has the library's name.
sys.path.pop(0)
from croniter import croniter


def nanoseconds(call_all):
    """Nanoseconds a call; `call_all` makes some calls and says how many."""
    begin = time.perf_counter_ns()
    calls = call_all()
    while time.perf_counter_ns() - begin < 50_000_000:
        calls += call_all()
    return (time.perf_counter_ns() - begin) / calls


hour_off = 0
groups = {}
for line in sys.stdin:
    zone, expression, start, answer = line.rstrip("\n").split("\t")
    groups.setdefault((zone, expression), []).append((int(start), int(answer)))

for (zone, expression), questions in groups.items():
    place = zoneinfo.ZoneInfo(zone)
    starts = [datetime.datetime.fromtimestamp(start, place) for start, _ in questions]
    schedule = croniter(expression, starts[0])

    def next_of(start):
        schedule.set_current(start)
        return schedule.get_next(datetime.datetime)

    for start, (_, answer) in zip(starts, questions):
        got = next_of(start).timestamp()
        if abs(got - answer) == 3600:
            hour_off += 1  # version 1.3.5, where clocks are set between start and answer
        elif got != answer:
            sys.exit(f"croniter: {expression} in {zone} after {start}: {got}, not {answer}")

    def call_next():
        for start in starts:
            next_of(start)
        return len(starts)

    def call_parse():
        croniter.expand(expression)
        return 1

    print(f"{zone}\t{expression}\t{nanoseconds(call_next):.1f}\t{nanoseconds(call_parse):.1f}")

if hour_off:
    print(f"croniter: {hour_off} answers are wrong by an hour", file=sys.stderr)
