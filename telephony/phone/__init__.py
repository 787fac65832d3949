"""The scripted phone: a citizen or an agent made of code, for the demo and the tests.

It stands on pyVoIP 1.6.8 (messages, dialogue states, RTP packets), whose faults are repaired in ``repairs.py``.
"""

from telephony.phone.calls import CallOver, CallRefused, Ending, IncomingCall, PhoneCall, read_sound
from telephony.phone.phones import ScriptedGateway, ScriptedPhone, Telephone

__all__ = [
    "CallOver",
    "CallRefused",
    "Ending",
    "IncomingCall",
    "PhoneCall",
    "ScriptedGateway",
    "ScriptedPhone",
    "Telephone",
    "read_sound",
]
