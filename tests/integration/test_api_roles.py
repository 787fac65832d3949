"""Every route × every role, from one literal table. A route that is not in the table fails the test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute

from tests.integration.desk_fakes import House, open_house

ALL = frozenset({"agent1001", "supervisor", "department", "inspector", "admin", "discipline"})
"""One account per role; its name stands for the role here."""
AGENT = frozenset({"agent1001"})
SUPERVISORS = frozenset({"supervisor", "admin"})
DECIDERS = frozenset({"supervisor", "inspector", "admin"})
JUDGES = frozenset({"supervisor", "inspector"})
UNIT = frozenset({"department"})
DISCIPLINE = frozenset({"discipline"})
NOBODY_ASKED = None
"""The route is open to those who are not signed in."""

WHO_MAY: dict[tuple[str, str], frozenset[str] | None] = {
    ("GET", "/api/health"): NOBODY_ASKED,
    ("POST", "/api/login"): NOBODY_ASKED,
    ("POST", "/api/logout"): ALL,
    ("GET", "/api/me"): ALL,
    ("GET", "/api/desk"): AGENT,
    ("PUT", "/api/desk/kind"): AGENT,
    ("PUT", "/api/desk/status"): AGENT,
    ("POST", "/api/desk/offers/{offer_id}/accept"): AGENT,
    ("POST", "/api/desk/offers/{offer_id}/reject"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/hangup"): AGENT,
    ("POST", "/api/desk/wrap-up/end"): AGENT,
    ("PATCH", "/api/desk/calls/{call_id}/draft"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/submit"): AGENT,
    ("GET", "/api/citizens/{phone}/tickets"): AGENT | DECIDERS,
    ("GET", "/api/calls/{call_id}"): AGENT | DECIDERS,
    ("PATCH", "/api/calls/{call_id}/utterances/{utterance_id}"): AGENT | DECIDERS,
    ("POST", "/api/calls/{call_id}/summary"): AGENT | DECIDERS,
    ("POST", "/api/desk/calls/{call_id}/recording"): AGENT,
    ("GET", "/api/recordings/{recording_id}/peaks"): AGENT | DECIDERS,
    ("GET", "/api/recordings/{recording_id}/export"): DECIDERS,
    ("POST", "/api/recordings/{recording_id}/hold"): DECIDERS,
    ("GET", "/api/recordings/{recording_id}/audio"): AGENT | DECIDERS,
    ("GET", "/api/knowledge"): ALL,
    ("GET", "/api/tickets"): ALL,
    ("GET", "/api/tickets/deadline"): ALL,
    ("GET", "/api/tickets/pivot"): UNIT | DECIDERS,
    ("GET", "/api/tickets/export"): UNIT | DECIDERS,
    ("GET", "/api/shelf/{kind}"): ALL,
    ("PUT", "/api/shelf/{kind}/{name}"): ALL,
    ("DELETE", "/api/shelf/{kind}/{name}"): ALL,
    ("GET", "/api/tickets/{ticket_id}"): ALL,
    ("POST", "/api/tickets/{ticket_id}/actions/{action}"): ALL,
    ("POST", "/api/tickets/actions/{action}"): ALL,
    ("POST", "/api/tickets/{ticket_id}/attachments"): frozenset({"agent1001", "supervisor", "department"}),
    ("GET", "/api/tickets/{ticket_id}/attachments/{attachment_id}"): ALL,
    ("POST", "/api/intake/{channel}"): frozenset({"agent1001", "supervisor"}),
    ("GET", "/api/intake/{channel}/{number}"): frozenset({"agent1001", "supervisor"}),
    ("POST", "/api/intake/{channel}/{number}/attachments"): frozenset({"agent1001", "supervisor"}),
    ("GET", "/api/categories"): ALL,
    ("GET", "/api/units"): ALL,
    ("GET", "/api/areas"): ALL,
    ("GET", "/api/callbacks"): AGENT | DECIDERS,
    ("GET", "/api/visits"): AGENT | DECIDERS,
    ("GET", "/api/visits/export"): DECIDERS,
    ("GET", "/api/visits/robot"): DECIDERS,
    ("POST", "/api/visits/robot/{act}"): SUPERVISORS,
    ("GET", "/api/visits/{task_id}"): DECIDERS,
    ("GET", "/api/sms"): DECIDERS,
    ("POST", "/api/sms/{message_id}/resend"): SUPERVISORS,
    ("GET", "/api/by-hand"): AGENT | {"supervisor"},
    ("GET", "/api/by-hand/form"): AGENT | {"supervisor"},
    ("GET", "/api/by-hand/{task_id}"): AGENT | {"supervisor"},
    ("POST", "/api/by-hand/{task_id}/take"): AGENT,
    ("POST", "/api/by-hand/{task_id}/release"): AGENT | {"supervisor"},
    ("POST", "/api/by-hand/{task_id}/dial"): AGENT,
    ("POST", "/api/by-hand/{task_id}/stop"): AGENT,
    ("POST", "/api/by-hand/{task_id}/result"): AGENT,
    ("GET", "/api/campaigns"): DECIDERS,
    ("POST", "/api/campaigns"): SUPERVISORS,
    ("GET", "/api/campaigns/flows"): DECIDERS,
    ("GET", "/api/campaigns/{campaign_id}"): DECIDERS,
    ("PUT", "/api/campaigns/{campaign_id}"): SUPERVISORS,
    ("POST", "/api/campaigns/{campaign_id}/list"): SUPERVISORS,
    ("POST", "/api/campaigns/{campaign_id}/query"): SUPERVISORS,
    ("POST", "/api/campaigns/{campaign_id}/acts/{act}"): SUPERVISORS,
    ("GET", "/api/campaigns/{campaign_id}/entries"): DECIDERS,
    ("GET", "/api/campaigns/{campaign_id}/result"): DECIDERS,
    ("GET", "/api/campaigns/{campaign_id}/export"): SUPERVISORS,
    ("GET", "/api/live"): SUPERVISORS,
    ("GET", "/api/live/recognition"): SUPERVISORS,
    ("GET", "/api/kpi"): SUPERVISORS,
    ("POST", "/api/live/seats/{seat}/break"): SUPERVISORS,
    ("POST", "/api/live/seats/{seat}/rest"): SUPERVISORS,
    ("POST", "/api/desk/rest"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/emergency/{code}"): AGENT,
    ("GET", "/api/emergency/pushes"): SUPERVISORS,
    ("POST", "/api/desk/calls/{call_id}/nuisance"): AGENT,
    ("GET", "/api/nuisance"): DECIDERS,
    ("POST", "/api/nuisance/{listing_id}/decide"): SUPERVISORS,
    ("POST", "/api/nuisance/{listing_id}/remove"): SUPERVISORS,
    ("POST", "/api/nuisance/{listing_id}/evidence"): SUPERVISORS,
    ("POST", "/api/emergency/pushes/{push_id}/resend"): SUPERVISORS,
    ("GET", "/api/promises"): AGENT | {"supervisor"},
    ("POST", "/api/promises/{promise_id}/keep"): AGENT | {"supervisor"},
    ("GET", "/api/desk/control"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/consult"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/conference"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/transfer"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/keys"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/mute"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/control/{act}"): AGENT,
    ("GET", "/api/desk/parked"): AGENT,
    ("POST", "/api/desk/calls/{call_id}/pickup"): AGENT,
    ("POST", "/api/desk/hand"): AGENT,
    ("POST", "/api/desk/echo"): AGENT,
    ("GET", "/api/address-book"): AGENT,
    ("POST", "/api/live/seats/{seat}/watch/{mode}"): SUPERVISORS,
    ("POST", "/api/live/seats/{seat}/takeover"): SUPERVISORS,
    ("POST", "/api/live/seats/{seat}/status"): SUPERVISORS,
    ("POST", "/api/live/watch/end"): SUPERVISORS,
    ("POST", "/api/live/message"): SUPERVISORS,
    ("POST", "/api/live/waiting/{call_id}/move"): SUPERVISORS,
    ("POST", "/api/live/seats/{seat}/follow"): SUPERVISORS,
    ("POST", "/api/live/follow/end"): SUPERVISORS,
    ("GET", "/api/live/calls"): SUPERVISORS,
    ("GET", "/api/kpi/dispositions"): SUPERVISORS,
    ("GET", "/api/dispositions"): ALL,
    ("GET", "/api/scripts"): ALL,
    ("GET", "/api/desk/calls"): AGENT,
    ("GET", "/api/desk/statistics"): AGENT,
    ("GET", "/api/desk/calls/{call_id}/disposition"): AGENT,
    ("PUT", "/api/desk/calls/{call_id}/disposition"): AGENT,
    ("GET", "/api/quality/sheets"): AGENT | UNIT | DECIDERS,
    ("GET", "/api/quality/sample"): JUDGES,
    ("GET", "/api/quality/reviews"): AGENT | UNIT | DECIDERS,
    ("GET", "/api/quality/tickets/{ticket_id}"): AGENT | UNIT | DECIDERS,
    ("POST", "/api/quality/tickets/{ticket_id}"): JUDGES,
    ("POST", "/api/quality/reviews/{review_id}/appeal"): AGENT | UNIT,
    ("POST", "/api/quality/reviews/{review_id}/decision"): JUDGES,
    ("GET", "/api/supervision/proposals"): DECIDERS,
    ("POST", "/api/supervision/proposals/{proposal_id}/accept"): JUDGES,
    ("POST", "/api/supervision/proposals/{proposal_id}/dismiss"): JUDGES,
    ("GET", "/api/supervision/tickets"): DECIDERS,
    ("GET", "/api/supervision/tickets/{ticket_id}"): UNIT | DECIDERS,
    ("POST", "/api/supervision/tickets/{ticket_id}/result"): JUDGES,
    ("POST", "/api/supervision/tickets/{ticket_id}/letters"): JUDGES,
    ("GET", "/api/supervision/letters"): UNIT | DECIDERS,
    ("POST", "/api/supervision/letters/{letter_id}/answer"): UNIT,
    ("GET", "/api/supervision/letters/{letter_id}/document"): UNIT | DECIDERS,
    ("POST", "/api/referrals"): JUDGES,
    ("GET", "/api/assessment/months/{month}"): UNIT | DECIDERS,
    ("GET", "/api/assessment/months/{month}/units/{unit}/{figure}"): UNIT | DECIDERS,
    ("POST", "/api/assessment/months/{month}/publish"): JUDGES,
    ("GET", "/api/assessment/months/{month}/verify"): UNIT | DECIDERS,
    ("GET", "/api/assessment/months/{month}/bulletin"): UNIT | DECIDERS,
    ("GET", "/api/assessment/months/{month}/table"): UNIT | DECIDERS,
    ("GET", "/api/assessment/units/{unit}/trend"): UNIT | DECIDERS,
    ("GET", "/api/assessment/exclusions"): UNIT | DECIDERS,
    ("POST", "/api/assessment/exclusions"): UNIT | {"supervisor"},
    ("POST", "/api/assessment/exclusions/{exclusion_id}/decision"): JUDGES,
    ("GET", "/api/projects"): UNIT | DECIDERS,
    ("GET", "/api/projects/suggestions"): JUDGES,
    ("POST", "/api/projects"): JUDGES,
    ("GET", "/api/projects/{project_id}"): UNIT | DECIDERS,
    ("POST", "/api/projects/{project_id}/tickets"): JUDGES,
    ("POST", "/api/projects/{project_id}/tickets/remove"): JUDGES,
    ("POST", "/api/projects/{project_id}/progress"): UNIT | DECIDERS,
    ("POST", "/api/projects/{project_id}/close"): JUDGES,
    ("GET", "/api/dossiers"): UNIT | DECIDERS | DISCIPLINE,
    ("POST", "/api/dossiers"): JUDGES | DISCIPLINE,
    ("GET", "/api/dossiers/{dossier_id}"): UNIT | DECIDERS | DISCIPLINE,
    ("POST", "/api/dossiers/{dossier_id}/entries"): JUDGES | DISCIPLINE,
    ("POST", "/api/dossiers/{dossier_id}/samples"): JUDGES | DISCIPLINE,
    ("POST", "/api/dossiers/{dossier_id}/close"): JUDGES | DISCIPLINE,
    ("GET", "/api/office/{office}/tickets"): UNIT,
    ("GET", "/api/office/{office}/tickets/{ticket_id}"): UNIT,
    ("POST", "/api/office/{office}/tickets/{ticket_id}/actions/{action}"): UNIT,
    ("POST", "/api/office/{office}/tickets/{ticket_id}/attachments"): UNIT,
    ("GET", "/api/referrals"): DISCIPLINE,
    ("GET", "/api/referrals/{referral_id}"): DISCIPLINE,
    ("POST", "/api/referrals/{referral_id}/close"): DISCIPLINE,
    ("POST", "/api/discipline/cases"): DISCIPLINE,
    ("GET", "/api/discipline/cases"): DISCIPLINE,
    ("GET", "/api/discipline/summary"): DISCIPLINE | DECIDERS,
}
PATHS = {
    "{offer_id}": "1",
    "{review_id}": "review_1",
    "{proposal_id}": "proposal_1",
    "{letter_id}": "letter_1",
    "{referral_id}": "referral_1",
    "{month}": "2026-03",
    "{unit}": "371323",
    "{figure}": "solved",
    "{exclusion_id}": "exclusion_1",
    "{project_id}": "project_1",
    "{dossier_id}": "dossier_1",
    "{office}": "371323",
    "{promise_id}": "owed_1",
    "{call_id}": "call_1",
    "{utterance_id}": "u_1",
    "{phone}": "13800000001",
    "{recording_id}": "rec_1",
    "{ticket_id}": "ticket_1",
    "{action}": "sign",
    "{attachment_id}": "attachment_1",
    "{channel}": "web",
    "{number}": "260302120000000001",
    "{act}": "hold",
    "{seat}": "1001",
    "{mode}": "listen",
    "{code}": "119",
    "{listing_id}": "nuisance_1",
    "{push_id}": "push_1",
    "{task_id}": "callback_1",
    "{message_id}": "sms_1",
    "{campaign_id}": "campaign_1",
    "{kind}": "view",
    "{name}": "mine",
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/visits/robot/{act}": {"reason": "线路检修"},
    "/api/by-hand/{task_id}/result": {"disposition": "refused"},
    "/api/campaigns": {"name": "民调", "flow": "poll"},
    "/api/campaigns/{campaign_id}": {"name": "民调", "flow": "poll"},
    "/api/campaigns/{campaign_id}/query": {},
    "/api/live/seats/{seat}/break": {"minutes": 10},
    "/api/live/seats/{seat}/rest": {"granted": True},
    "/api/desk/rest": {"reason": "小休"},
    "/api/desk/calls/{call_id}/nuisance": {"reason": "辱骂"},
    "/api/nuisance/{listing_id}/decide": {"approved": True},
    "/api/nuisance/{listing_id}/remove": {"reason": "误报"},
    "/api/desk/calls/{call_id}/consult": {"kind": "phone", "target": "6001"},
    "/api/desk/calls/{call_id}/conference": {"kind": "phone", "target": "6001"},
    "/api/desk/calls/{call_id}/transfer": {"kind": "group", "target": "general"},
    "/api/desk/calls/{call_id}/keys": {"keys": "1"},
    "/api/desk/calls/{call_id}/mute": {"muted": True},
    "/api/desk/hand": {"raised": True},
    "/api/desk/echo": {"on": True},
    "/api/live/seats/{seat}/watch/{mode}": {"reason": "新人"},
    "/api/live/seats/{seat}/takeover": {},
    "/api/live/seats/{seat}/status": {"status": "not_ready"},
    "/api/live/message": {"text": "请注意"},
    "/api/live/waiting/{call_id}/move": {"group": "general"},
    "/api/desk/calls/{call_id}/disposition": {"code": "answered"},
    "/api/desk/kind": {"kind": "rung"},
    "/api/desk/status": {"status": "ready"},
    "/api/desk/calls/{call_id}/draft": {"title": "路灯"},
    "/api/desk/calls/{call_id}/submit": {"how": "dispatch"},
    "/api/tickets/{ticket_id}/actions/{action}": {},
    "/api/shelf/{kind}/{name}": {"body": {"state": "open"}},
    "/api/desk/calls/{call_id}/recording": {"paused": True},
    "/api/recordings/{recording_id}/hold": {"held": True, "reason": "案件"},
    "/api/tickets/actions/{action}": {"ids": ["ticket_1"]},
    "/api/intake/{channel}": {"sender_id": "1", "description": "路灯不亮"},
    "/api/calls/{call_id}/utterances/{utterance_id}": {"text": "路灯"},
    "/api/quality/tickets/{ticket_id}": {"stage": "call", "marks": {}},
    "/api/quality/reviews/{review_id}/appeal": {"text": "不当"},
    "/api/quality/reviews/{review_id}/decision": {"text": "维持"},
    "/api/supervision/proposals/{proposal_id}/accept": {},
    "/api/supervision/proposals/{proposal_id}/dismiss": {"note": "已办结"},
    "/api/supervision/tickets/{ticket_id}/result": {"result": "已办结", "solved": True},
    "/api/supervision/tickets/{ticket_id}/letters": {"kind": "urge", "text": "请抓紧"},
    "/api/supervision/letters/{letter_id}/answer": {"text": "已办结"},
    "/api/assessment/exclusions": {"ticket_id": "ticket_1", "reason": "不合理"},
    "/api/assessment/exclusions/{exclusion_id}/decision": {"approved": True},
    "/api/projects": {"name": "x", "unit": "371323", "goal": "x", "tickets": []},
    "/api/projects/{project_id}/tickets": {"tickets": []},
    "/api/projects/{project_id}/tickets/remove": {"ticket": "ticket_1", "note": "x"},
    "/api/projects/{project_id}/progress": {"note": "x", "percent": 10},
    "/api/projects/{project_id}/close": {"text": "x"},
    "/api/dossiers": {"kind": "meeting", "title": "调度会"},
    "/api/dossiers/{dossier_id}/entries": {"entry": "log", "text": "x"},
    "/api/dossiers/{dossier_id}/samples": {"count": 3},
    "/api/dossiers/{dossier_id}/close": {"text": "x"},
    "/api/office/{office}/tickets/{ticket_id}/actions/{action}": {},
    "/api/referrals": {"tickets": [], "text": "见附件"},
    "/api/referrals/{referral_id}/close": {"text": "已了结"},
    "/api/discipline/cases": {
        "unit": "371323",
        "ground": "x",
        "penalty": "x",
        "persons": 1,
        "published": False,
        "decided_on": "2026-03-02",
    },
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        opened.centre.connect("1001", "call_1")
        opened.orders.add("ticket_1", call_id="call_1")
        yield opened


def served(routes: list[BaseRoute]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, APIRoute):
            found |= {(method, route.path) for method in route.methods or ()}
        elif hasattr(route, "original_router"):  # FastAPI ≥ 0.116 keeps included routers as they are
            found |= served(route.original_router.routes)
    return found


def address_of(path: str) -> str:
    for name, value in PATHS.items():
        path = path.replace(name, value)
    if "/acts/" in path or "/robot/" in path:
        path = path.replace("hold", "pause")
    if path.endswith("/sample"):
        path += "?stage=call&month=2026-03"
    if path.endswith("/dossiers"):
        path += "?kind=duty"
    if path.endswith("/pivot"):
        path += "?rows=unit"
    return path + ("?urgency=一般" if path.endswith("/deadline") else "?phone=1" if "/intake/web/2" in path else "")


async def test_the_table_names_every_route_and_no_other(house: House) -> None:
    documented = {(method.upper(), path) for path, item in house.app.openapi()["paths"].items() for method in item}
    assert documented == set(WHO_MAY)
    assert served(house.app.routes) == set(WHO_MAY)


@pytest.mark.parametrize("account", ["", *sorted(ALL)])
async def test_only_those_with_the_right_get_in(house: House, account: str) -> None:
    wrong = []
    for (method, path), allowed in WHO_MAY.items():
        if allowed is NOBODY_ASKED:
            continue
        async with house.signed_in(account) as browser:
            answer = await browser.request(method, address_of(path), json=BODIES.get(path))
        expected = {401} if not account else ({403} if account not in allowed else {200, 204, 404, 409})
        if answer.status_code not in expected:
            wrong.append((method, path, answer.status_code, answer.text[:200]))
        if answer.status_code in (401, 403):
            assert set(answer.json()["error"]) == {"code", "zh", "en"}
    assert wrong == []


async def test_no_route_answers_before_it_knows_who_asks(house: House) -> None:
    """Bad input must not tell a stranger anything either."""
    async with house.browser() as browser:
        for (method, path), allowed in WHO_MAY.items():
            if allowed is not NOBODY_ASKED:
                answer = await browser.request(method, address_of(path), json={"nonsense": 1})
                assert answer.status_code == 401, (method, path)


async def test_every_route_documents_its_errors_in_our_shape(house: House) -> None:
    undocumented = []
    for path, item in house.app.openapi()["paths"].items():
        for method, operation in item.items():
            needed = {"422", "500"}
            needed |= {"401", "403"} if WHO_MAY[(method.upper(), path)] is not NOBODY_ASKED else set()
            needed |= {"413"} if method.upper() not in ("GET", "HEAD") else set()
            for status in needed:
                schema = operation["responses"].get(status, {}).get("content", {}).get("application/json", {})
                if schema.get("schema") != {"$ref": "#/components/schemas/ErrorBody"}:
                    undocumented.append((method, path, status))
    assert undocumented == []


def test_the_only_socket_is_the_feed() -> None:
    from agent_desk.feed.socket import router

    assert [route.path for route in router.routes if isinstance(route, APIWebSocketRoute)] == ["/api/feed"]
