"""A site's word on citizens whom the robot did not reach, and on campaigns: messages, people who phone, quotas."""

from typing import Annotated

from pydantic import Field

from hotline.section import Section

_ADDRESS = r"^(https?://[^\s]{1,300})?$"
Text = Annotated[str, Field(min_length=1, max_length=80)]


class Sms(Section):
    """The message to a citizen who was not reached, with a link to a page where the question is answered."""

    page_url: Annotated[str, Field(pattern=_ADDRESS)] = ""
    """Where citizens' telephones reach this engine's web server, without ``/c``; empty: no messages are sent."""
    gateway_url: Annotated[str, Field(pattern=_ADDRESS)] = ""
    """Where messages are posted as JSON; empty: one line each in ``<storage.folder>/outbox/sms.jsonl``. A token for it
    is taken from ``HOTLINE_SMS_TOKEN``."""
    signature: Text = "12345热线"
    link_days: Annotated[int, Field(ge=1, le=90)] = 7
    """So long a citizen may answer."""
    keep_days: Annotated[int, Field(ge=1)] = 730
    """So long the number of a message is kept that is no longer to be sent; then it is struck out."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    attempts: Annotated[int, Field(ge=1, le=20)] = 8
    """Then a person sees to it; the pauses double from 5 seconds up to 10 minutes."""


class ByHand(Section):
    """Return visits that people make, after the robot's plan is used up."""

    claim_minutes: Annotated[int, Field(ge=5, le=480)] = 30
    """So long a task is an agent's after the last touch; then anybody may take it."""
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 30
    grounds: dict[str, Text] = {
        "no_answer": "多次无人接听",
        "switched_off": "关机或不在服务区",
        "invalid_number": "空号或停机",
        "not_the_citizen": "号码非本人",
        "withheld": "未留联系电话",
    }
    """Why somebody counts as unreachable (无法联系), key → words."""
    script: list[Annotated[str, Field(min_length=1, max_length=300)]] = [
        "您好,这里是12345政务服务便民热线,想就您反映的事项做个回访,方便吗?",
        "您反映的问题解决了吗?",
        "您对办理结果满意吗?非常满意、满意、基本满意、不满意还是非常不满意?",
        "您对工作人员的办理态度满意吗?",
        "您还有什么意见或建议?感谢您的支持,再见。",
    ]
    """What is said, line by line."""


class Campaigns(Section):
    """Surveys by telephone (热线民调)."""

    largest_list: Annotated[int, Field(ge=1, le=200_000)] = 20_000
    """Entries of one campaign."""
    ahead: Annotated[int, Field(ge=1, le=200)] = 10
    """So many entries of a campaign are with the robot at once; the rest waits, so that a quota is not overshot."""
