"""Identifiers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hotline.ids import new_id, work_order_number

ZONE = ZoneInfo("Asia/Shanghai")


def test_ids_differ_and_fit_their_columns() -> None:
    ids = {new_id("call") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(one.startswith("call_") and len(one) <= 40 for one in ids)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), st.integers(0, 10**7))
def test_a_work_orders_number_is_eighteen_digits(now: datetime, serial: int) -> None:
    number = work_order_number(now, serial, ZONE)
    assert len(number) == 18
    assert number.isdigit()


def test_a_work_orders_number_tells_local_time() -> None:
    assert work_order_number(datetime(2026, 11, 20, 18, 30, 5, tzinfo=UTC), 42, ZONE) == "261121023005000042"
