"""What many routes have in common: ids and pages as they stand in addresses, and the errors that they document."""

from typing import Annotated, Any

from fastapi import Path, Query

from agent_desk.refusals import documented

Id = Annotated[str, Path(max_length=64)]
Page = Annotated[int, Query(ge=1, le=100_000)]
Size = Annotated[int, Query(ge=1, le=200)]
READ = documented(401, 403, 404, 503)
READ_BY_RULE = documented(401, 403, 404, 409, 503)
"""Of readings that a rule may refuse: a window too wide, a month that is not over."""
ACT = documented(401, 403, 404, 409, 413, 503)
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
RAW_BODY = {"requestBody": {"content": {"application/octet-stream": BINARY}}}
