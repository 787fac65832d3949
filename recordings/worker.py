"""The workshop's own process, started by ``recordings.making``: ``python -m recordings.worker PID-OF-THE-ENGINE``.

It reads from its standard input, pickled one after the other, the workshop and then what is to be made, and answers on
its standard output. It ends with that input. When the engine is killed the kernel kills it too, in the middle of its
work: else it would go on at files which the next engine takes up.
"""

import ctypes
import os
import pickle
import signal
import sys
from typing import BinaryIO

from recordings.workshop import Workshop

LENGTH = 4
"""Bytes that tell how long the answer behind them is."""
_NICENESS = 10
"""Talks come first: recordings wait for the quiet core."""
_SET_PDEATHSIG = 1


def length_of(head: bytes) -> int:
    """How long the answer is."""
    return int.from_bytes(head)


def main() -> None:
    """Work until the input ends."""
    _die_with(int(sys.argv[1]))
    os.nice(_NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C at the terminal: the engine ends first, and us
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever prints must not come among the answers
        _work(sys.stdin.buffer, answers)


def _work(orders: BinaryIO, answers: BinaryIO) -> None:
    workshop: Workshop = pickle.load(orders)
    while True:
        try:
            asked = pickle.load(orders)
        except EOFError:
            return
        answer = pickle.dumps(workshop.make_all(asked))
        answers.write(len(answer).to_bytes(LENGTH) + answer)
        answers.flush()


def _die_with(engine: int) -> None:
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != engine:  # it died while we began
        raise SystemExit(1)


if __name__ == "__main__":
    main()
