"""Builtins on dates: points of time that know which of year ... second they tell.

A date has a first and a last field of year, month, day, hour, minute, second: today is known from
the year to the day, a time of the day from the hour on. What a date does not tell is taken to be as
early as it can be. Source: Lush 1 and the SN 2.8 manual.
"""

from __future__ import annotations

import calendar
import datetime
import math
import re

from sn.display import number_text
from sn.errors import EvalError, ValueKindError, did_you_mean
from sn.lisp.calls import builtin
from sn.lisp.forms import Shown, Symbol, Value, describe, to_list
from sn.lisp.machine import Machine

FIELDS = ("year", "month", "day", "hour", "minute", "second")
_EARLIEST = (1970, 1, 1, 0, 0, 0)  # what fields are that a date does not tell
_JOINED = ("", "-", "-", " ", ":", ":")  # what stands before each field
_WIDTHS = (4, 2, 2, 2, 2, 2)
_LONGEST = 200  # characters of a format or a text; chosen here
_EPOCH = datetime.datetime(1970, 1, 1)
_DAY = 86_400  # seconds


class Date(Shown):
    """A point of time in whole seconds, without a time zone, known from one field to another."""

    noun = "date"
    __slots__ = ("first", "last", "moment")

    def __init__(self, moment: datetime.datetime, first: int, last: int) -> None:
        known = moment.timetuple()[:6]
        kept = [known[i] if first <= i <= last else _EARLIEST[i] for i in range(6)]
        self.moment = _moment(kept)
        self.first = first
        self.last = last

    @property
    def fields(self) -> list[int]:
        """The numbers of the fields that the date tells."""
        return list(self.moment.timetuple()[self.first : self.last + 1])

    def text(self) -> str:
        """Return the fields as text: 1989-12-31 23:59:00."""
        words = [
            (_JOINED[i] if i > self.first else "") + str(value).zfill(_WIDTHS[i])
            for i, value in enumerate(self.fields, self.first)
        ]
        return "".join(words)

    def show(self, numbers: object) -> str:
        """Return the print form."""
        return f"::DATE:{FIELDS[self.first]}-{FIELDS[self.last]}:({self.text()})"

    def compare(self, other: Date) -> bool:
        """Tell whether two dates tell the same."""
        mine, others = (self.moment, self.first, self.last), (other.moment, other.first, other.last)
        return mine == others

    def moved(self, moment: datetime.datetime) -> Date:
        """Return a date of this kind at another time."""
        return Date(moment, self.first, self.last)


def _moment(fields: list[int]) -> datetime.datetime:
    try:
        return datetime.datetime(*fields)  # type: ignore[arg-type]  # six of them
    except (ValueError, OverflowError) as problem:
        text = " ".join(number_text(field) for field in fields)
        raise EvalError(f"there is no such date: {text} ({problem})") from None


def _field(name: Symbol | None, default: int) -> int:
    if name is None:
        return default
    if name.name not in FIELDS:
        hint = did_you_mean(name.name, FIELDS) or f"known: {', '.join(FIELDS)}"
        raise EvalError(
            f"a field of a date is one of year ... second, found {name.name}", hint=hint
        )
    return FIELDS.index(name.name)


def _range(first: Symbol | None, last: Symbol | None) -> tuple[int, int]:
    ends = _field(first, 0), _field(last, 5)
    if ends[0] > ends[1]:
        text = f"a date goes from the larger field to the smaller, found {FIELDS[ends[0]]}"
        raise EvalError(f"{text} and {FIELDS[ends[1]]}")
    return ends


@builtin("today", locked=False)
def today() -> Date:
    """(today)

    Return the current date, from the year to the day.

    (date-type (today))
    => (year day)
    """
    return Date(datetime.datetime.now(), 0, 2)


@builtin("now", locked=False)
def now() -> Date:
    """(now)

    Return the current date and time, to the second.

    (<= (today) (now))
    => t
    """
    return Date(datetime.datetime.now(), 0, 5)


@builtin("date-type", locked=False)
def date_type(it: Machine, date: Date) -> list[Value]:
    """(date-type date)

    Return the first and the last field that a date tells, of year, month, day, hour, minute and
    second.

    (date-type (string-to-date "1989-12" 'year 'month))
    => (year month)
    """
    return [it.intern(FIELDS[date.first]), it.intern(FIELDS[date.last])]


@builtin("date-extend", locked=False)
def date_extend(date: Date, first: Symbol, last: Symbol) -> Date:
    """(date-extend date first last)

    Return the date from another field to another one. What it did not tell is as early as can be.

    (date-to-string (date-extend (string-to-date "1989-12-31" 'year 'day) 'year 'minute))
    => "1989-12-31 00:00"
    """
    return Date(date.moment, *_range(first, last))


@builtin("date-to-list", locked=False)
def date_to_list(date: Date) -> list[int]:
    """(date-to-list date)

    Return the numbers that a date tells.

    (date-to-list (string-to-date "1989-12-31 23:59:00"))
    => (1989 12 31 23 59 0)
    """
    return date.fields


@builtin("split-date", locked=False)
def split_date(it: Machine, date: Date) -> list[Value]:
    """(split-date date)

    Return the fields of a date with their names, and the days of the week (Sunday is 0) and of the
    year (from 0) where it tells the day.

    (split-date (string-to-date "1989-12-31" 'year 'day))
    => ((year . 1989) (month . 12) (day . 31) (wday . 0) (yday . 364))
    """
    found = dict(zip(FIELDS[date.first :], date.fields, strict=False))
    if date.first == 0 and date.last >= 2:
        found |= {"wday": (date.moment.weekday() + 1) % 7, "yday": date.moment.timetuple()[7] - 1}
    return [to_list([it.intern(name)], float(value)) for name, value in found.items()]


@builtin("list-to-date", locked=False)
def list_to_date(list: list[int], first: Symbol | None = None, last: Symbol | None = None) -> Date:
    """(list-to-date list [first [last]])

    Return the date of a list of numbers, from the year on or from `first`; without `last`, as many
    fields as there are numbers.

    (date-to-string (list-to-date '(1989 12 31)))
    => "1989-12-31"
    """
    start = _field(first, 0)
    ends = _range(first, last) if last is not None else (start, start + len(list) - 1)
    if len(list) != ends[1] - ends[0] + 1 or not start <= ends[1] <= 5:
        raise EvalError(f"a date from {FIELDS[start]} on needs other numbers, found {len(list)}")
    fields = [*_EARLIEST[:start], *list, *_EARLIEST[ends[1] + 1 :]]
    return Date(_moment(fields), *ends)


@builtin("date-to-string", locked=False)
def date_to_string(date: Date, format: str | None = None) -> str:
    """(date-to-string date [format])

    Return a date as text, as 1989-12-31 23:59:00; or in a format of strftime: %Y year, %m month, %d
    day, %H hour, %M minute, %S second, %a and %A the day of the week, %b and %B the month.

    (date-to-string (string-to-date "1989-12-31" 'year 'day) "%d.%m.%Y")
    => "31.12.1989"
    """
    if format is None:
        return date.text()
    if len(format) > _LONGEST or not re.fullmatch(r"(?:[^%\0]|%[aAbBcdHIjmMpSUwWxXyYD%])*", format):
        raise EvalError(
            f"date-to-string needs a format of strftime, found {describe(format)}",
            hint="a % is followed by one of aAbBcdHIjmMpSUwWxXyYD, or by another %",
        )
    return date.moment.strftime(format.replace("%D", "%m/%d/%y"))


@builtin("string-to-date", locked=False)
def string_to_date(text: str, first: Symbol | None = None, last: Symbol | None = None) -> Date:
    """(string-to-date text [first [last]])

    Return the date that a text tells from one field to another (year and second unless given): the
    numbers, with anything else than digits between.

    (date-to-list (string-to-date "23:59" 'hour 'minute))
    => (23 59)
    """
    start, end = _range(first, last)
    numbers = re.findall(r"[0-9]{1,9}", text[: _LONGEST + 1])
    if len(numbers) != end - start + 1 or len(text) > _LONGEST:
        expected = f"{end - start + 1} numbers, from {FIELDS[start]} to {FIELDS[end]}"
        raise EvalError(f"string-to-date needs a text of {expected}, found {describe(text)}")
    fields = [*_EARLIEST[:start], *map(int, numbers), *_EARLIEST[end + 1 :]]
    return Date(_moment(fields), start, end)


@builtin("date-to-day", locked=False)
def date_to_day(date: Date) -> float:
    """(date-to-day date)

    Return how many days a date is after the begin of 1970, with the part of the day.

    (date-to-day (string-to-date "1970-01-02 12:00:00"))
    => 1.5
    """
    return (date.moment - _EPOCH).total_seconds() / _DAY


@builtin("day-to-date", locked=False)
def day_to_date(days: float) -> Date:
    """(day-to-date days)

    Return the date so many days after the begin of 1970, to the second.

    (date-to-string (day-to-date 1.5))
    => "1970-01-02 12:00:00"
    """
    return Date(_after(_EPOCH, math.floor(days * _DAY + 0.5) if abs(days) < 1e9 else days), 0, 5)


def _after(moment: datetime.datetime, seconds: float) -> datetime.datetime:
    try:
        return moment + datetime.timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise EvalError("a date is from the year 1 to the year 9999") from None


def _define_shift(name: str, seconds: int) -> None:
    """Define the function that moves a date by a number of one of its fields."""

    def shift(date: Date, n: int) -> Date:
        return date.moved(_after(date.moment, seconds * n if abs(n) < 1e15 else 1e300))

    shift.__doc__ = f"""(date-add-{name} date n)

    Return the date that is n {name}s later, or earlier for n < 0.

    (date-to-string (date-add-{name} (string-to-date "1989-12-31 12:00:00") 0))
    => "1989-12-31 12:00:00"
    """
    builtin(f"date-add-{name}", locked=False)(shift)


for _name, _seconds in (("second", 1), ("minute", 60), ("hour", 3600), ("day", _DAY)):
    _define_shift(_name, _seconds)


@builtin("date-add-month", locked=False)
def date_add_month(date: Date, n: int) -> Date:
    """(date-add-month date n)

    Return the date that is n months later, or earlier for n < 0; where that month has no such day,
    its last one.

    (date-to-string (date-add-month (string-to-date "1989-12-31" 'year 'day) 2))
    => "1990-02-28"
    """
    months = date.moment.year * 12 + date.moment.month - 1 + n
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise EvalError("a date is from the year 1 to the year 9999")
    day = min(date.moment.day, calendar.monthrange(year, month + 1)[1])
    return date.moved(date.moment.replace(year=year, month=month + 1, day=day))


@builtin("date-add-year", locked=False)
def date_add_year(date: Date, n: int) -> Date:
    """(date-add-year date n)

    Return the date that is n years later, or earlier for n < 0; the 29th of February becomes the
    28th where there is none.

    (date-to-string (date-add-year (string-to-date "1988-02-29" 'year 'day) 1))
    => "1989-02-28"
    """
    return date_add_month(date, 12 * n)


def same_kind(name: str, a: Value, b: Value) -> bool:
    """Whether two values are dates, which can be compared by when they are.

    Raises: ValueKindError where only one is.
    """
    if isinstance(a, Date) and isinstance(b, Date):
        return True
    if isinstance(a, Date) or isinstance(b, Date):
        raise ValueKindError(f"{name} compares two dates, found {describe(a)} and {describe(b)}")
    return False
