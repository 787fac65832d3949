"""What a citizen's words mean at a node of a flow: the key that they stand for, or nothing. Then keys decide. Pure.

Orders in a menu (转人工) count as soon as they are heard, while the prompt still plays. Answers (满意, 不满意) count
only once the utterance is over, when it is short, believed, and not turned round: better no answer than a wrong one.
"""

from ivr.flow import model

LEAST_CONFIDENCE = 0.6
"""Below this the recogniser itself doubts what it heard."""
_LONGEST_ANSWER = 14
"""Signs; whoever says more tells a story, and a story is for a person."""
_TURNS_ROUND = "不没未别"
_REACH = 4
"""How many signs before a word a negation still reaches it: 没有什么满意的."""


def meant_key(node: model.AnyNode, text: str, *, settled: bool = True, confidence: float | None = None) -> str | None:
    """The key that the words mean at this node: of several, the longest word counts. ``settled``: nothing follows."""
    if not isinstance(node, model.Choosing) or (confidence is not None and confidence < LEAST_CONFIDENCE):
        return None
    said = text.replace(" ", "")
    if node.answers and (not settled or len(said) > _LONGEST_ANSWER):
        return None
    counts = _is_meant if node.answers else str.__contains__
    heard = [(len(word), key) for key, words in node.words.items() for word in words if counts(said, word)]
    return max(heard)[1] if heard else None


def _is_meant(said: str, word: str) -> bool:
    """Whether the word stands there and is not turned round."""
    at = said.find(word)
    while at >= 0:
        if not set(_TURNS_ROUND) & set(said[max(0, at - _REACH) : at]):
            return True
        at = said.find(word, at + 1)
    return False
