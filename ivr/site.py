"""From the site's settings to what the rules of the first minute read."""

from collections.abc import Callable
from datetime import date

from hotline.settings import Settings
from ivr.flow.hours import Notice, OpeningHours


def opening_hours_of(settings: Settings, is_working_day: Callable[[date], bool]) -> OpeningHours:
    """When it is day, and what is announced when."""
    notices = [Notice(one.prompt, one.since, one.until, tuple(one.lines)) for one in settings.ivr.notices]
    return OpeningHours(settings.site.zone, settings.ivr.day_hours, is_working_day, notices)
