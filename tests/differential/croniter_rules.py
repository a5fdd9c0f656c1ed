# SPDX-License-Identifier: MIT
"""What croniter does differently, in the order in which it reads and searches. "Here" is Carillon."""

import calendar
import dataclasses
import datetime
import re

import pytz

from croner_rules import knows_no_reboot, reads_nicknames_in_any_case, refuses_days_before_the_last, refuses_full_names
from readings import LAST, civil_date, number

DAY = 86400

# ---- what it refuses and reads ---------------------------------------------------------------------------------------


def ignores_what_follows_nth(reading):
    """FRI#2x is FRI#2; here it is an error."""
    texts = [re.sub(r"^(\w+#[0-9]+)[^0-9].*", r"\1", item.text) for item in reading.items("weekday")]
    return reading.with_items("weekday", texts)


def takes_no_year(reading):
    """It has five or six fields [Fields]."""
    return reading.refuse() if "year" in reading.fields else None


def takes_no_question_mark(reading):
    """OCPS has it [Dialects]."""
    return reading.refuse() if "?" in reading.text else None


def knows_no_nearest_workday(reading):
    """W came to OCPS with 1.3 [Dialects]."""
    return reading.refuse() if "W" in reading.fields.get("day", "").upper() else None


def refuses_reversed_ranges(reading):
    """22-2, and 7-1; dialect extended lets them wrap. Sunday at the end is 7 after any other day, as here [Fields]."""
    ranges = [item for item in reading.all_items() if item.is_range() and (item.field, item.end) != ("weekday", 0)]
    return reading.refuse() if any(item.start > item.end for item in ranges) else None


def reads_0_at_the_end_as_seven(reading):
    """5-0 in day-of-week is 5-7; dialect standard has that with SUN only [Fields]."""
    texts = []
    for item in reading.items("weekday"):
        to_sunday = item.end == 0 and item.start
        texts.append(re.sub(r"-\w+", "-7", item.text) if to_sunday else item.text)
    return reading.with_items("weekday", texts)


def reads_small_letters(reading):
    """l is L; dialect standard wants capitals [Dialects]."""
    if reading.dialect != "standard" or not reading.fields:
        return None
    last = re.compile(r"(?<=[0-9#])l$|(?<=[a-z]{3})l$", re.IGNORECASE)
    weekdays = [last.sub("L", item.text) for item in reading.items("weekday")]
    return reading.with_field("day", reading.fields["day"].upper()).with_items("weekday", weekdays)


def steps_from_one_value_to_seven(reading):
    """1/2 in day-of-week is 1-7/2 and has Sunday, here 1-6/2; dialect standard has no a/n at all [Fields]."""
    for field in reading.fields:
        items = reading.items(field)
        texts = [f"{item.start}-{LAST[field]}/{item.step}" if item.is_open_step() else item.text for item in items]
        reading = reading.with_items(field, texts)
    return reading


def reads_day_0_as_the_1st(reading):
    """In six fields; in five it is an error, as it always is here [Fields]."""
    if len(reading.fields) != 6:
        return None
    days = []
    for item in reading.items("day"):
        days += [str(day or 1) for day in item.values()] if item.start == 0 else [item.text]
    return reading.with_items("day", days)


# ---- the two day fields ----------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Weekdays:
    """What day-of-week lists: a star, plain weekdays as it keeps them, and the texts and weekdays of v#k and vL."""

    star: bool
    plain: set
    nth: list
    nth_days: set

    @classmethod
    def of(cls, reading):
        """None where an item is nothing of these."""
        star, plain, nth, nth_days = False, set(), [], set()
        for item in reading.items("weekday"):
            match = re.fullmatch(r"(\w+?)(#[1-5L]|L)", item.text, re.IGNORECASE)
            if match and number("weekday", match[1]) is not None:
                nth.append(item.text)
                nth_days.add(kept_weekday(reading, number("weekday", match[1])))
            elif not item.is_plain():
                return None
            elif item.text == "*":
                star = True
            else:
                plain |= {kept_weekday(reading, value) for value in its_values(item)}
        return None if any(day > 7 for day in plain) else cls(star or len(plain | nth_days) == 7, plain, nth, nth_days)


def its_values(item):
    """Weekdays as it counts them: a star goes to 7."""
    return range(0, 8, item.step) if item.star else item.values()


def kept_weekday(reading, value):
    return 0 if value == 7 and len(reading.fields) == 5 else value


def takes_what_selects_all_for_a_star(reading):
    """1-31, 0-6 and *,5 restrict nothing, so the other day field decides; here only * and ? do not [Dialects]."""
    items, weekdays = reading.items("day"), Weekdays.of(reading)
    days = {value for item in items for value in item.values()} | {item.text for item in items if item.text == "L"}
    if len(days) == 31 and all(item.is_plain() or item.text == "L" for item in items):
        reading = reading.with_field("day", "*")
    if not weekdays or not weekdays.star:
        return reading
    plus = "+" if reading.fields["day"] != "*" and weekdays.nth else ""
    return reading.with_field("weekday", plus + (",".join(weekdays.nth) or "*"))


def takes_nth_weekdays_only_alone(reading):
    """MON,FRI#2 is refused, and in FRI,FRI#2 the first is lost; OCPS has lists of them [Dialects]."""
    weekdays = Weekdays.of(reading)
    if not weekdays or not weekdays.nth or not weekdays.plain:
        return None
    return reading.refuse() if weekdays.plain - weekdays.nth_days else reading.with_items("weekday", weekdays.nth)


def finds_no_sunday_at_7_in_six_fields(reading):
    """In five fields 7 is Sunday, as it always is here [Fields]."""
    weekdays = Weekdays.of(reading)
    if not weekdays or weekdays.nth or 7 not in weekdays.plain:
        return None
    return reading.with_items("weekday", [str(day) for day in sorted(weekdays.plain - {7})])


# ---- the search ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Search:
    """How it finds the next occurrence, as far as the rules up to now say."""

    nth_always: bool = False
    own_offset: bool = False
    zones_end: bool = False
    overshoots: bool = False
    gives_up: bool = False

    def __call__(self, carillon, reading, at, sign):
        assert sign > 0
        return self.in_utc(carillon, reading, at) if reading.zone == "UTC" else self.in_zone(carillon, reading, at)

    def in_utc(self, carillon, reading, at):
        """Of two day fields of which one is enough, it searches for each alone."""
        found = [self.of_one(carillon, alone, at) for alone in self.alternatives(reading)]
        if self.gives_up and None in found:
            return None
        return min((at for at in found if at is not None), default=None)

    def alternatives(self, reading):
        one_field = not reading.fields or "*" in (reading.fields["day"], reading.fields["weekday"])
        if one_field or reading.asks_for_both_days():
            return [reading]
        weekday = "+" + reading.fields["weekday"] if self.nth_always and Weekdays.of(reading).nth else "*"
        return [reading.with_field("weekday", weekday), reading.with_field("day", "*")]

    def of_one(self, carillon, reading, at):
        found = overshoot(carillon, reading, at) if self.overshoots else carillon.step(reading, at)
        too_far = found is not None and civil_date(found).year > civil_date(at).year + 50
        return None if self.gives_up and too_far else found

    def in_zone(self, carillon, reading, at):
        resolution, civil_reading = resolution_of(reading), reading.but(zone="UTC")
        offset = its_offset(reading.zone, at + resolution)
        before = (at + resolution + offset) // resolution * resolution - 1
        civil = self.in_utc(carillon, civil_reading, before)
        if civil is None:
            return None
        found = civil - offset
        if self.zones_end and found > END_OF_ITS_ZONES:
            return civil - its_offset(reading.zone, found)
        at_once = its_offset(reading.zone, at) != offset
        if self.own_offset and (at_once or clocks_are_set_around(reading.zone, found)):
            return corrected(reading.zone, at, found)
        if civil == carillon.step(civil_reading, before):
            return carillon.step(reading, at)  # where no clocks are set, nothing excuses Carillon
        return civil - its_offset(reading.zone, found)


END_OF_ITS_ZONES = 2145916800  # 2038-01-01


def resolution_of(reading):
    return 1 if "second" in reading.fields else 60


def its_offset(zone, at):
    return int(datetime.datetime.fromtimestamp(at, pytz.timezone(zone)).utcoffset().total_seconds())


def clocks_are_set_around(zone, at):
    return its_offset(zone, at - 26 * 3600) != its_offset(zone, at + 26 * 3600)


def corrected(zone, at, found):
    """It counts with the offset of the start, and corrects by the difference once the day of the start is over."""
    lag = its_offset(zone, found) - its_offset(zone, at)
    until_midnight = 24 - (at + its_offset(zone, at)) % DAY // 3600
    passed = found - at + (abs(lag) if lag < 0 else 0)
    return found - lag if passed >= until_midnight * 3600 else found


def overshoot(carillon, reading, at):
    days = sorted({day for item in reading.items("day") for day in item.values()})
    while (found := carillon.step(reading, at)) is not None and reading.fields["day"] != "*":
        day = civil_date(at + resolution_of(reading))
        while day < civil_date(found):
            day = its_next_day(reading, day, days)
        if day == civil_date(found):
            break
        at = (day - civil_date(0)).days * DAY - 1
    return found


def its_next_day(reading, day, days):
    """Where it looks after a day on which it found nothing."""
    months = {month for item in reading.items("month") for month in item.values()}
    length = calendar.monthrange(day.year, day.month)[1]
    if day.month not in months:
        return day.replace(day=1) + datetime.timedelta(days=length)
    last = "L" in [item.text for item in reading.items("day")]
    if day.day in days or (last and day.day == length):
        return day + datetime.timedelta(days=1)
    later = [other for other in days if other > day.day] + ([length] if last else []) + [length + days[0]]
    return day + datetime.timedelta(days=later[0] - day.day)


def searching(reading, **flag):
    return reading.but(search=dataclasses.replace(reading.search or Search(), **flag))


def forgets_the_day_of_month_beside_nth(reading):
    """13 with FRI#2 is every second Friday; here it is the 13th or a second Friday [Dialects]."""
    weekdays = Weekdays.of(reading)
    return searching(reading, nth_always=True) if weekdays and weekdays.nth else None


def keeps_the_offset_of_the_start(reading):
    """Where clocks are set before the next midnight; beyond it, it corrects by the difference [When clocks are set]."""
    return searching(reading, own_offset=True) if reading.zone != "UTC" else None


def sets_no_clocks_after_2037(reading):
    """pytz's tables end there; zones here reach beyond 2199 [Time zones]."""
    return searching(reading, zones_end=True) if reading.zone != "UTC" else None


def passes_days_after_a_short_month(reading):
    """With days 1 and 31 it looks on 31 February, which is 3 March, and has passed the 1st."""
    listed = [day for item in reading.items("day") for day in item.values()]
    return searching(reading, overshoots=True) if max(listed, default=0) > 28 else None


def gives_up_after_50_years(reading):
    """And where one of two day fields never comes, though the other does; here the search ends with 2199."""
    return searching(reading, gives_up=True)


RULES = [
    reads_nicknames_in_any_case,
    knows_no_reboot,
    ignores_what_follows_nth,
    takes_no_year,
    takes_no_question_mark,
    knows_no_nearest_workday,
    refuses_days_before_the_last,
    refuses_full_names,
    refuses_reversed_ranges,
    reads_0_at_the_end_as_seven,
    reads_small_letters,
    steps_from_one_value_to_seven,
    reads_day_0_as_the_1st,
    takes_what_selects_all_for_a_star,
    takes_nth_weekdays_only_alone,
    finds_no_sunday_at_7_in_six_fields,
    forgets_the_day_of_month_beside_nth,
    keeps_the_offset_of_the_start,
    sets_no_clocks_after_2037,
    passes_days_after_a_short_month,
    gives_up_after_50_years,
]
