"""What a message says. Pure. Nothing of the matter but its number's end and its day: the telephone may be another's."""

from datetime import datetime
from zoneinfo import ZoneInfo

LINK = "{link}"
"""Where the address goes; it is put in at the moment of sending and kept nowhere."""


def survey_text(signature: str, number: str, made_at: datetime, zone: ZoneInfo, days: int) -> str:
    """The message after a plan that reached nobody; Chinese, as sent to the citizens of a Chinese city."""
    local = made_at.astimezone(zone)
    which = f"您{local.month}月{local.day}日反映的事项(尾号{number[-6:]})" if number else "您反映的事项"
    return f"【{signature}】{which}已办理,多次致电未能接通。请在{days}日内点击 {LINK} 评价,感谢您的支持。"


def with_link(body: str, address: str) -> str:
    """The message as it goes out."""
    return body.replace(LINK, address)
