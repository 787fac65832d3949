"""Asterisk's configuration as templates, and the pure function that fills them in.

The dialplan is written so that citizens are served without the engine: recording, answering, the fallback queue and
the parked seats are Asterisk's own. The engine only makes it better.
"""

from dialplans.plan import Gateway, Line, Ports, SeatLogin, SwitchPlan
from dialplans.render import render_files

__all__ = ["Gateway", "Line", "Ports", "SeatLogin", "SwitchPlan", "render_files"]
