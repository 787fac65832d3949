"""Errors as HTTP: which status an error of ours gets, and the one body that all of them have."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent_desk.models import ErrorBody
from hotline.errors import ConfigurationError, Forbidden, HotlineError, NotFound, NotSignedIn, RuleBroken, Unavailable
from hotline.security import LockedOut

_log = structlog.get_logger()

STATUS: Mapping[type[HotlineError], int] = {
    LockedOut: 423,
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    RuleBroken: 409,
    Unavailable: 503,
    ConfigurationError: 500,
    HotlineError: 500,
}
"""The most special class first."""

_SENTENCES: Mapping[int, tuple[str, str, str]] = {
    400: ("bad_request", "请求无法识别", "the request cannot be understood"),
    404: ("not_found", "没有这个地址", "there is nothing at this address"),
    405: ("method_not_allowed", "此地址不支持该操作", "this address does not do that"),
    413: ("too_large", "提交的内容过大", "the request is too large"),
    500: ("unexpected", "系统出现意外错误,已记录,请稍后重试", "an unexpected error was logged; please try again later"),
}

_MEANINGS: Mapping[int, str] = {
    401: "Not signed in",
    403: "No right to do this, or sent from a foreign page",
    404: "Not found, or not this account's",
    409: "The rules do not allow this now",
    413: "The request is too large",
    422: "The input is not valid",
    423: "Locked after too many failed sign-ins",
    500: "Unexpected error, logged",
    503: "Temporarily unavailable",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI; 422 and 500 may come from anywhere."""
    return {status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in sorted({*statuses, 422, 500})}


def status_of(error: HotlineError) -> int:
    """The HTTP status of one of our errors."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def body(code: str, zh: str, en: str) -> dict[str, Any]:
    """The one shape that errors have."""
    return {"error": {"code": code, "zh": zh, "en": en}}


def refuse(status: int) -> JSONResponse:
    """An answer for an error that has only a status."""
    return JSONResponse(body(*_SENTENCES.get(status, _SENTENCES[500 if status >= 500 else 400])), status)


def install_refusals(app: FastAPI) -> None:
    """Let the app answer every error in our shape."""
    app.add_exception_handler(HotlineError, _refuse_ours)
    app.add_exception_handler(RequestValidationError, _refuse_input)
    app.add_exception_handler(HTTPException, _refuse_http)


async def _refuse_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HotlineError)
    status = status_of(error)
    if status >= 500:
        _log.warning("request failed", path=request.url.path, code=error.code, error=str(error))
    headers = {"Retry-After": "1"} if status == 503 else None
    return JSONResponse(body(error.code, error.zh, error.en), status, headers)


async def _refuse_input(_request: Request, error: Exception) -> JSONResponse:
    """Name the field and the fault; what was sent is not repeated, it may be personal."""
    assert isinstance(error, RequestValidationError)
    faults = [(".".join(str(part) for part in fault["loc"][1:]) or "body", fault["msg"]) for fault in error.errors()]
    listed = "; ".join(f"{path}: {message}" for path, message in faults[:5])
    fields = "、".join(dict.fromkeys(path for path, _ in faults[:5]))
    return JSONResponse(body("bad_input", f"填写有误:{fields}", listed), 422)


async def _refuse_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = refuse(error.status_code)
    answer.headers.update(error.headers or {})
    return answer
