"""What a spoken answer means during a return visit: the key that it stands for, or nothing. Pure.

Only whole short answers count, and only when the recogniser believes in them; everything else is left to the keys, and
the question is asked again. "不" before a word turns it round, so the longest words are looked at first.
"""

import re

from callback.answers import MANNER, SATISFIED, SOLVED

LEAST_CONFIDENCE = 0.6
_LONGEST = 14
"""Signs of an answer; whoever says more tells a story, and a story is for a person."""
_AIR = re.compile(
    r"[，。、！？]|嗯|啊|呃|哦|呢|吧|吗|呀|那个|我(?:觉得|选|按)?|就|还(?!行|可以|算)|这个|你好|喂|是的(?=[满基非很])"
)
_DIGITS = {"1": "一幺1", "2": "二两2", "3": "三3", "4": "四4", "5": "五5"}
_SOLVED = (
    (
        "2",
        r"(?:没有?|未|不)(?:能|给)?(?:得到)?(?:解决|处理|办|弄)(?:好|了|完)?|"
        r"没有|没呢|没|否|不是|不对|不行|解决不了|一直没",
    ),
    ("1", r"(?:已经?|都|全)?(?:得到)?(?:解决|处理|办|弄)(?:好|完)?了?|是的?|对的?|有|可以|好的?|行"),
)
_SATISFIED = (
    ("5", r"(?:非常|很|太|特别|十分|极其?|一点[都也]?)不满意|极不满意"),
    ("4", r"不(?:太|怎么|是很|大)?满意|不行|不好"),
    ("1", r"(?:非常|很|特别|十分|太|挺)(?:的)?满意|非常好|很好"),
    ("3", r"(?:基本|比较|一般|还算|凑合)(?:上)?(?:满意)?|还行|还可以"),
    ("2", r"满意|好|可以|行"),
)
_WORDS = {SOLVED: _SOLVED, SATISFIED: _SATISFIED, MANNER: _SATISFIED}
_MOST = {SOLVED: 2, SATISFIED: 5, MANNER: 5}


def meant_answer(question: str, text: str, confidence: float | None) -> str | None:
    """The key that ``text`` stands for; None when it is no answer, or hardly believed.

    ``question`` is the name under which the flow keeps the answer; of others than these nothing is known here.
    """
    if question not in _WORDS or (confidence is not None and confidence < LEAST_CONFIDENCE):
        return None
    said = _AIR.sub("", "".join(text.split()))
    if not said or len(said) > _LONGEST:
        return None
    digit = next((key for key, signs in _DIGITS.items() if said in signs), None)
    if digit is not None:
        return digit if int(digit) <= _MOST[question] else None
    whole = (key for key, words in _WORDS[question] if re.fullmatch(f"(?:{words})(?:了|的)?(?:谢谢)?", said))
    return next(whole, None)
