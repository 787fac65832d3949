"""Values → the prompts that say them, in Chinese and English. Pure; what cannot be said gives none, never an error.

Chinese: numbers to 99,999,999 by 万; money to the 分; years digit by digit (二零二六年); ticket and telephone numbers
digit by digit with 幺 for 1. Beyond those bounds numbers are read digit by digit.
"""

from datetime import date, time
from decimal import Decimal, InvalidOperation
from math import ceil

from ivr.prompts import expected_wait_prompts, spoken_digits, spoken_number

_GREATEST = 99_999_999
_TEN_THOUSAND = 10_000


def say(kind: str, value: str, language: str = "zh") -> list[str]:
    """The prompts for ``value`` read as ``kind`` (see ``model.ValueKind``); none when it is not of that kind."""
    value = value.strip()
    english = language == "en"
    try:
        match kind:
            case "number" | "count":
                return _english_number(int(value)) if english else _number(int(value), counting=kind == "count")
            case "money":
                return _english_money(Decimal(value)) if english else _money(Decimal(value))
            case "date":
                return _english_date(date.fromisoformat(value)) if english else _date(date.fromisoformat(value))
            case "time":
                return _english_time(time.fromisoformat(value)) if english else _time(time.fromisoformat(value))
            case "digits" | "ticket":
                return _english_digits(value) if english else spoken_digits(value)
            case _:
                return []
    except (ValueError, InvalidOperation, OverflowError):
        return []


def _number(number: int, *, counting: bool = False) -> list[str]:
    if not 0 <= number <= _GREATEST:
        return spoken_digits(str(number))
    high, low = divmod(number, _TEN_THOUSAND)
    if not high:
        return spoken_number(low, counting=counting)
    pieces = [*spoken_number(high, counting=True), *_named("n10000")]
    if not low:
        return pieces
    if low < 1000 or high % 10 == 0:  # 一万零五百, 二十万零三千: a place is skipped
        pieces += _named("d0")
    if 10 <= low < 20:  # after a higher unit it is 一十二
        pieces += _named("d1")
    return [*pieces, *spoken_number(low)]


def _money(amount: Decimal) -> list[str]:
    if not amount.is_finite() or not 0 <= amount <= _GREATEST:
        return []
    cents = int(amount * 100)
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    pieces: list[str] = []
    if yuan or not cents:
        pieces += [*_number(yuan, counting=True), *_named("yuan")]
    if jiao:
        pieces += [*spoken_number(jiao, counting=True), *_named("jiao")]
    if fen:
        pieces += _named("d0") if yuan and not jiao else []
        pieces += [*spoken_number(fen, counting=True), *_named("fen")]
    return pieces


def _date(day: date) -> list[str]:
    year = _named(*(f"d{digit}" for digit in f"{day.year}"))
    return [*year, *_named("year"), *_number(day.month), *_named("month"), *_number(day.day), *_named("day")]


def _time(moment: time) -> list[str]:
    hour = [*_number(moment.hour, counting=True), *_named("oclock")]
    if not moment.minute:
        return hour
    zero = _named("d0") if moment.minute < 10 else []
    return [*hour, *zero, *_number(moment.minute), *_named("fen")]


def _english_number(number: int) -> list[str]:
    if not 0 <= number < 1_000_000:
        return _english_digits(str(number))
    if number >= 1000:
        rest = _english_number(number % 1000) if number % 1000 else []
        return [*_english_number(number // 1000), *_named("n1000"), *rest]
    if number >= 100:
        rest = _english_number(number % 100) if number % 100 else []
        return [*_named(f"d{number // 100}", "n100"), *rest]
    if number < 10:
        return _named(f"d{number}")
    if number < 20:
        return _named(f"n{number}")
    return _named(f"n{number // 10 * 10}", *([f"d{number % 10}"] if number % 10 else []))


def _english_digits(digits: str) -> list[str]:
    return _named(*(f"d{digit}" for digit in digits if digit in "0123456789"))


def _english_money(amount: Decimal) -> list[str]:
    if not amount.is_finite() or not 0 <= amount <= _GREATEST:
        return []
    cents = int(amount * 100)
    point = [*_named("point"), *_english_digits(f"{cents % 100:02d}")] if cents % 100 else []
    return [*_english_number(cents // 100), *point, *_named("yuan")]


def _english_date(day: date) -> list[str]:
    return [*_named(f"m{day.month}"), *_english_number(day.day), *_english_digits(f"{day.year}")]


def _english_time(moment: time) -> list[str]:
    minutes = [*(_named("d0") if moment.minute < 10 else []), *_english_number(moment.minute)] if moment.minute else []
    return [*_english_number(moment.hour), *(minutes or _named("oclock"))]


def english_position(position: int) -> list[str]:
    """What tells a waiting citizen the place in the line, in English."""
    if position == 1:
        return _named("position-next")
    if not 1 < position < 10_000:
        return _named("please-wait")
    return [*_named("position-is"), *_english_number(position), *_named("position-place")]


def english_wait(seconds: float | None) -> list[str]:
    """What tells the wait to expect, in English; none where the Chinese says none."""
    if not expected_wait_prompts(seconds):
        return []
    minutes = ceil((seconds or 0.0) / 60)
    return [*_named("expected-wait"), *_english_number(minutes), *_named("minute" if minutes == 1 else "minutes")]


def _named(*names: str) -> list[str]:
    return [f"hotline/{name}" for name in names]
