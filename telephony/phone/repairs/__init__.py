"""pyVoIP 1.6.8, repaired; the only folder that imports it.

What was wrong, and where it is put right:

* threads that poll, sockets closed under them, listening on 0.0.0.0 → ``wire.SipWire`` and ``Audio`` on the event loop
* Call-ID and branches repeat after a restart; requests are never sent again → ``Client``
* ACK with a random To-tag ends outgoing calls after half a minute; BYE reuses the INVITE's branch → ``Client``
* digest answers only what 1999 asked (no qop, wrong URI, only on one code path) → ``Client.authorize``
* a header without a value or with an unknown method loses the whole message → ``Message``
* responses to OPTIONS, CANCEL, unknown requests are missing, others echo the wrong tag → ``Client``, ``line.Line``
* audio squeezed through 8 linear bits, packets kept for ever, keys heard only with their first packet → ``Audio``
* no telephone events are sent → ``Audio.send_key``
"""

from telephony.phone.repairs.audio import Audio, Call, Listener
from telephony.phone.repairs.client import Client
from telephony.phone.repairs.messages import Message
from telephony.phone.repairs.original import RTP, SIP, CallState, VoIPPhone

__all__ = ["RTP", "SIP", "Audio", "Call", "CallState", "Client", "Listener", "Message", "VoIPPhone"]
