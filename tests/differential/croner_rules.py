# SPDX-License-Identifier: MIT
"""What croner does differently, in the order in which it reads. "Here" is Carillon."""

import dataclasses
import re

from readings import FIRST, LAST, NICKNAMES, Item, civil_date, offset

# ---- what it refuses and reads ---------------------------------------------------------------------------------------


def reads_nicknames_in_any_case(reading):
    """@Daily is @daily; dialect standard wants small letters, as OCPS writes them [Dialects]."""
    name = reading.text.strip().lower()
    return reading.but(text=NICKNAMES[name]) if name in NICKNAMES else None


def knows_no_reboot(reading):
    """OCPS 1.1 asks for @reboot: here it parses, and has no occurrence [Kinds]."""
    return reading.refuse() if reading.text.strip().lower() == "@reboot" else None


def takes_a_question_mark_for_a_star(reading):
    """In every field and everywhere in it; here it is the whole of a day field [Dialects]."""
    return reading.but(text=reading.text.replace("?", "*")) if reading.fields else None


def refuses_days_before_the_last(reading):
    """L-n and L-nW are no part of OCPS; dialect extended has them [Dialects]."""
    return reading.refuse() if any(re.match(r"L-", item.text, re.IGNORECASE) for item in reading.items("day")) else None


def refuses_the_last_workday_in_a_list(reading):
    """LW stands alone there [Dialects]."""
    days = [item.text.upper() for item in reading.items("day")]
    return reading.refuse() if "LW" in days and len(days) > 1 else None


def refuses_full_names(reading):
    """Names have three letters there; dialect extended reads Monday and January too [Dialects]."""
    names = reading.fields.get("month", "") + " " + reading.fields.get("weekday", "")
    names = re.sub(r"l\b", "", names, flags=re.IGNORECASE)  # FRIL is the last Friday
    return reading.refuse() if re.search(r"[a-z]{4}", names, re.IGNORECASE) else None


def reads_a_step_with_no_start(reading):
    """/5 is */5 where its option for steps on one value is set; here it is an error [Dialects]."""
    if reading.dialect == "standard" or not reading.fields:
        return None
    return reading.but(text=re.sub(r"(^|[\s,+])(?=/[0-9])", r"\1*", reading.text))


def its_range(item):
    """Start and end; Sunday by name is 7 at the end."""
    sunday_last = item.field == "weekday" and re.search(r"-sun\b", item.text, re.IGNORECASE)
    return item.start, 7 if sunday_last else item.end


def puts_modifiers_on_ranges(reading):
    """MON-WED#1 are three first weekdays; here each is written: a modifier on a range is an error [Fields]."""
    texts = [text for item in reading.items("weekday") for text in each_with_its_modifier(item.text)]
    return reading.with_items("weekday", texts)


def each_with_its_modifier(text):
    match = re.fullmatch(r"(.+?)(#[1-5L]|L)", text, re.IGNORECASE)
    item = Item.of("weekday", match[1] if match else "")
    if not item.is_range() and not item.step:
        return [text]
    days = dataclasses.replace(item, end=its_range(item)[1]).values()
    return [f"{day}{match[2].upper()}" for day in days] or [text]


def refuses_reversed_ranges(reading):
    """22-2 and 7-1; dialect extended lets them wrap [Fields]."""
    ranges = [its_range(item) for item in reading.all_items() if item.is_range()]
    return reading.refuse() if any(start > end for start, end in ranges) else None


SIZES = {"second": 60, "minute": 60, "hour": 24, "day": 31, "month": 12, "weekday": 7, "year": 10000}


def refuses_steps_larger_than_the_field(reading):
    """*/90 in the minute; here it leaves the first value and brings a warning [Warnings]."""
    too_large = any(item.step and item.step > SIZES[item.field] for item in reading.all_items())
    return reading.refuse() if too_large else None


def counts_sunday_at_the_end_as_seven(reading):
    """SUN-SUN and 0-SUN are every day there; here they are Sunday, and FRI-SUN is the same in both [Fields]."""
    texts = [re.sub(r"^(0+|sun)-sun\b", "0-7", item.text, flags=re.IGNORECASE) for item in reading.items("weekday")]
    return reading.with_items("weekday", texts)


def finds_nothing_beyond_the_end(reading):
    """60/5 in the minute is no error and selects nothing, nor does 7/2 in day-of-week; here that is Sunday [Fields]."""
    for field in reading.fields if reading.dialect == "extended" else ():
        end = SIZES[field] + (1 if field in ("day", "month") else 0)
        items = reading.items(field)
        kept = [item.text for item in items if not (item.is_open_step() and item.start >= end)]
        if len(kept) < len(items):
            kept = ["*/1" if text == "*" else text for text in kept]  # a star in a list is a restriction
            reading = with_those_left(reading, field, kept)
    return reading


def with_those_left(reading, field, kept):
    """A day field with no item leaves the decision to the other one, where one of the two is enough."""
    other = {"day": "weekday", "weekday": "day"}.get(field)
    if kept or not other or reading.fields[other] == "*" or reading.asks_for_both_days():
        return reading.with_items(field, kept)
    return reading.with_field(field, "*")


def checks_only_the_values_it_meets(reading):
    """7-67/40 in the minute is 7 and 47 there; here 67 is an error [Fields]."""
    for field in reading.fields:
        reading = reading.with_items(field, [within_the_field(item) for item in reading.items(field)])
    return reading


def within_the_field(item):
    if not item.is_range() or not item.step or item.start > LAST[item.field] or item.end <= LAST[item.field]:
        return item.text
    last_met = item.start + (item.end - item.start) // item.step * item.step
    return f"{item.start}-{LAST[item.field]}/{item.step}" if last_met <= LAST[item.field] else item.text


def reads_what_only_dialect_extended_reads(reading):
    """LW, W in a list, l and w; a question in dialect standard meets them too [Dialects]."""
    texts = [item.text for item in reading.items("day")]
    if reading.dialect != "standard" or not reading.fields or any(item.is_open_step() for item in reading.all_items()):
        return None
    near = any(re.search(r"W", text, re.IGNORECASE) for text in texts) and (len(texts) > 1 or texts[0].upper() == "LW")
    small = re.search(r"[lw]", reading.fields["day"]) or re.search(r"([0-9#]|[a-z]{3})l\b", reading.fields["weekday"])
    return reading.but(dialect="extended") if near or small else None


# ---- years -----------------------------------------------------------------------------------------------------------


def counts_years_from_zero(reading):
    """*/3 in the year are the years that 3 divides; here the first one is 1970 [Fields]."""
    texts = [text for item in reading.items("year") for text in years_from_zero(item)]
    return reading.with_items("year", texts) if "year" in reading.fields else None


def years_from_zero(item):
    if not item.star or not item.step:
        return [item.text]
    first = -(-FIRST["year"] // item.step) * item.step
    return [f"{first}-2199/{item.step}"] if first <= 2199 else []


def reads_years_1_to_9999(reading):
    """Here the text may name 1970 to 2199 [Fields]."""
    items = reading.items("year")
    if "year" not in reading.fields or (reading.dialect == "standard" and any(item.is_open_step() for item in items)):
        return None
    return reading.with_items("year", [text for item in items for text in years_within(item)])


def years_within(item):
    """The item, or its years where it goes outside of what Carillon takes and not of what croner takes."""
    if item.start is None or (item.end or item.start) > 9999:
        return [item.text]
    if item.start >= 1970 and (item.end or item.start) <= 2199:
        return [item.text]
    last = 9999 if item.is_open_step() else item.end or item.start
    return [str(year) for year in range(item.start, last + 1, item.step or 1) if 1970 <= year <= 2199]


def finds_years_1_to_9999(reading):
    """Here occurrences lie in 1970 to 2199 [How Carillon differs from others, and why]."""
    return reading.but(beyond=True)


# ---- when clocks are set ---------------------------------------------------------------------------------------------


def skips_what_an_interval_misses(reading):
    """In a gap; here an interval keeps its rhythm. In an overlap both fire twice [When clocks are set]."""
    return dropping(is_made_up, reading) if is_interval(reading) else None


def dropping(is_dropped, reading):
    """Without some of Carillon's occurrences."""

    def search(carillon, reading, at, sign):
        while (at := carillon.step(reading, at, sign)) is not None and is_dropped(carillon, reading, at):
            pass
        return at

    return None if reading.zone == "UTC" else reading.but(search=search)


def is_made_up(carillon, reading, at):
    """At the end of a gap, where the clock shows no time of the expression."""
    shown = at + offset(reading.zone, at)
    after_a_gap = at + offset(reading.zone, at - 1) < shown
    return after_a_gap and shown != carillon.step(reading.but(zone="UTC"), shown - 1)


def times_of_day(reading):
    return [reading.items(field) for field in ("second", "minute", "hour") if field in reading.fields]


def is_interval(reading):
    return any(mark in item.text for items in times_of_day(reading) for item in items for mark in "*/")


def calls_several_times_of_day_an_interval(reading):
    """By default; its option "no-wildcard" judges as we do [When clocks are set]."""
    if reading.dialect != "standard" or is_interval(reading):
        return None
    counts = [len({value for item in items for value in item.values()}) for items in times_of_day(reading)]
    return reading.but(policy="wall") if any(count > 1 for count in counts) else None


def loses_what_a_gap_moves_over_midnight(reading):
    """Pyongyang had no 23:30 on 2018-05-04; here that runs at 00:00, the end of the gap [When clocks are set]."""
    fixed = reading.policy == "vixie" and not is_interval(reading)
    return dropping(is_moved_over_midnight, reading) if fixed else None


def is_moved_over_midnight(carillon, reading, at):
    """What clocks show before and after the gap is counted here as if they showed UTC."""
    first_missing, shown = at + offset(reading.zone, at - 1), at + offset(reading.zone, at)
    midnight = shown // 86400 * 86400
    if civil_date(first_missing) == civil_date(shown) or first_missing >= shown:
        return False
    on_that_date = carillon.step(reading.but(zone="UTC"), midnight - 1)
    return on_that_date is None or on_that_date > shown


RULES = [
    reads_nicknames_in_any_case,
    knows_no_reboot,
    takes_a_question_mark_for_a_star,
    refuses_days_before_the_last,
    refuses_the_last_workday_in_a_list,
    refuses_full_names,
    reads_a_step_with_no_start,
    puts_modifiers_on_ranges,
    refuses_reversed_ranges,
    refuses_steps_larger_than_the_field,
    counts_sunday_at_the_end_as_seven,
    finds_nothing_beyond_the_end,
    checks_only_the_values_it_meets,
    reads_what_only_dialect_extended_reads,
    counts_years_from_zero,
    reads_years_1_to_9999,
    skips_what_an_interval_misses,
    calls_several_times_of_day_an_interval,
    loses_what_a_gap_moves_over_midnight,
    finds_years_1_to_9999,
]
