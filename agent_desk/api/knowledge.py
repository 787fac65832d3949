"""Looking things up in the knowledge base."""

from typing import Annotated

from fastapi import APIRouter, Query

from agent_desk.guard import DeskDep, KnowledgeReader
from agent_desk.models import ArticleList
from agent_desk.refusals import documented

router = APIRouter(prefix="/api", tags=["knowledge"])


@router.get("/knowledge", responses=documented(401, 403, 503))
async def search_knowledge(
    desk: DeskDep, _viewer: KnowledgeReader, q: Annotated[str, Query(max_length=200)] = ""
) -> ArticleList:
    """Articles for these words, best first."""
    return ArticleList.model_validate({"items": list(await desk.rooms.knowledge.search(q))})
