"""The address book: which number is tried first at which hour."""

from datetime import datetime, time

import pytest

from hotline.settings import DutyPhone, Unit
from ivr.control.address_book import address_book, is_on_duty

DAY = DutyPhone(name="白班", phone="6001", days=[1, 2, 3, 4, 5], begins=time(8, 30), ends=time(17, 30))
NIGHT = DutyPhone(name="夜班", phone="6002", days=[5], begins=time(20), ends=time(6))


@pytest.mark.parametrize(
    ("turn", "moment", "on_duty"),
    [
        (DAY, datetime(2026, 11, 20, 8, 30), True),  # a Friday
        (DAY, datetime(2026, 11, 20, 17, 30), False),
        (DAY, datetime(2026, 11, 21, 9), False),
        (NIGHT, datetime(2026, 11, 20, 23), True),
        (NIGHT, datetime(2026, 11, 21, 5, 59), True),
        (NIGHT, datetime(2026, 11, 20, 5), False),
        (NIGHT, datetime(2026, 11, 21, 21), False),
        (DutyPhone(phone="6003"), datetime(2026, 11, 22, 3), True),
    ],
)
def test_turns(turn: DutyPhone, moment: datetime, on_duty: bool) -> None:
    assert is_on_duty(turn, moment) is on_duty


def test_who_is_on_duty_is_asked_first_then_the_department_then_the_fallback() -> None:
    unit = Unit(code="zj", name="住建局", phone="6000", duty=[DAY, NIGHT], fallback_phones=["6009", "6000"])
    (entry,) = address_book([unit, Unit(code="x", name="无电话")], datetime(2026, 11, 20, 9))
    assert (entry.numbers, entry.on_duty) == (("6001", "6000", "6009"), "白班")
