"""The running app against its own OpenAPI document, by schemathesis: no 500, no answer that the document lacks.

Requests are drawn from the document, the same ones in every run; half of them speak of things that exist. Each is made
as somebody: what a role may not do is answered 403 as documented. Both databases keep text differently (lengths, NUL),
so both are asked; the second one by fewer, for what is asked and how it is judged is the same.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hotline.demo.site import free_ports
from tests.integration.desk_fakes import PASSWORD
from tests.integration.test_api_feed import serving
from tests.integration.tickets_house import open_tickets_house

ACCOUNTS = ("agent1001", "supervisor", "department", "inspector", "admin", "discipline")
LEFT_OUT = ("/api/logout",)
"""It would end the sessions of all others."""
EXAMPLES = {"sqlite": 6, "postgresql": 2}
"""Requests of each operation."""
LONGEST_SECONDS = 15.0
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@contextmanager
def running(folder: Path, database_url: str) -> Iterator[tuple[str, list[str]]]:
    """The address of the app, and work orders that it has; it runs in a loop of its own."""
    port, ready, stop, ids = free_ports()["web_port"], threading.Event(), asyncio.Event(), list[str]()
    loop = asyncio.new_event_loop()

    async def work() -> None:
        async with open_tickets_house(folder, database_url, port=port) as house, serving(house.house):
            for number in range(3):
                fields = {"description": "路灯不亮", "phone": "13800000001", "type": "投诉"}
                ids.append((await house.orders.intake.receive("web", str(number), fields, None))["ticket_id"])
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),))
    thread.start()
    try:
        assert ready.wait(20)
        yield f"http://127.0.0.1:{port}", ids
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def sign_in(address: str, account: str) -> str:
    answer = httpx.post(f"{address}/api/login", json={"account": account, "password": PASSWORD})
    return answer.cookies["hotline_session"]


@pytest.mark.timeout(120)
def test_no_request_is_answered_otherwise_than_documented(tmp_path: Path, database_url: str) -> None:
    faults: dict[str, str] = {}
    examples = EXAMPLES[database_url.partition("+")[0]]
    with running(tmp_path, database_url) as (address, ids):
        sessions = {account: sign_in(address, account) for account in ACCOUNTS}
        schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json")
        until, asked = time.monotonic() + LONGEST_SECONDS, 0
        operations: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
        for operation in sorted(operations, key=lambda one: "tickets" not in one.path):  # these are the real ones
            if operation.path in LEFT_OUT:
                continue
            if time.monotonic() > until:
                break  # what is not asked any more need not be drawn

            @given(case=operation.as_strategy(), account=st.sampled_from(ACCOUNTS), real=st.booleans())
            @settings(
                max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            def ask(case: Case[Any], account: str, real: bool) -> None:
                nonlocal asked
                if time.monotonic() > until:
                    return
                asked += 1
                if real and "ticket_id" in case.path_parameters:
                    case.path_parameters["ticket_id"] = ids[asked % len(ids)]
                case.call_and_validate(
                    base_url=address, cookies={"hotline_session": sessions[account]}, checks=CHECKS, timeout=10
                )

            try:
                ask()
            except Exception as fault:
                faults[operation.label] = str(fault)[:1500]
    assert faults == {}, "\n".join(f"{label}: {fault}" for label, fault in faults.items())
    assert asked > 50
