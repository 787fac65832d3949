"""What the hotline says in English: the same names as the Chinese prompts, so that a flow only changes its language.

Lies in ``sounds/en/hotline``. Asterisk plays it to a channel whose ``CHANNEL(language)`` is ``en``; numbers are put
together by ``ivr.flow.spoken``, for English counts otherwise than Chinese.
"""

from collections.abc import Mapping
from types import MappingProxyType

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_MONTHS = "January February March April May June July August September October November December"

ENGLISH_PROMPTS: Mapping[str, str] = MappingProxyType(
    {
        "welcome": "Hello, this is the citizen hotline. This call is recorded.",
        "please-wait": "Please hold, we are connecting you.",
        "position-is": "You are number",
        "position-place": "in line.",
        "position-next": "You are next.",
        "expected-wait": "You will wait about",
        "minutes": "minutes.",
        "minute": "minute.",
        "invalid-key": "That is not a valid key.",
        "sorry-busy": "Sorry, all agents are busy. Please call again later.",
        "goodbye": "Thank you, goodbye.",
        "queue-keys": "To check your request, press 1.",
        "progress-number": "Please enter the last six digits of your request number, then press hash.",
        "progress-missing": "We found no request of this number under your telephone number.",
        "progress-is": "Your request, number",
        "progress-received": "has been received.",
        "progress-working": "is being handled.",
        "progress-answered": "has been answered. We will call you to ask whether it was solved.",
        "progress-closed": "is closed.",
        "progress-due": "It is due on",
        "nuisance-notice": "Your number is restricted for repeated nuisance calls. In an emergency, press one.",
        "promised-call": "Hello, this is the one two three four five hotline, calling you back. Please hold.",
        "callback-intro": "Hello, this is the citizen hotline. We are calling about the matter that you reported.",
        "callback-solved": "Was it solved? For yes, press one. For no, press two. Press eight to be called later.",
        "callback-satisfied": "Are you satisfied with the result? One is very satisfied, five is not at all.",
        "callback-manner": "And with the manner of the staff? One is very satisfied, five is not at all.",
        "callback-reason": (
            "What was wrong? Too slow, press one. Not solved, two. The manner, three. Nobody contacted you, four. "
            "Something else, five."
        ),
        "callback-agent": "To talk to an agent now, press one. If not, press two.",
        "callback-words": "Anything else? Please speak after the tone, then press hash.",
        "callback-choices": "Wrong person, press seven. Call me later, press eight.",
        "callback-wrong": "Sorry for the trouble, goodbye.",
        "callback-later": "In an hour, press one. This afternoon, two. Tomorrow morning, three, afternoon, four.",
        "callback-later-thanks": "We will call you then.",
        "callback-thanks": "Thank you.",
        "callback-promised": "We will call you back.",
        "callback-impossible": "Your number is withheld, so we cannot call you back.",
        **{
            f"{'d' if number < 10 else 'n'}{number}": word
            for number, word in enumerate([*_ONES.split(), "eighteen", "nineteen"])
        },
        **{f"n{10 * ten}": word for ten, word in enumerate(_TENS.split(), 2)},
        "n100": "hundred",
        "n1000": "thousand",
        "point": "point",
        "yuan": "yuan",
        "oclock": "o'clock",
        **{f"m{number}": month for number, month in enumerate(_MONTHS.split(), 1)},
    }
)
"""Name → the English words of it."""
