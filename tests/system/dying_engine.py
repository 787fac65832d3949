"""The engine as it is, but it kills itself (-9) at an instant that a test names: between two orders of a saga.

``python -m tests.system.dying_engine run --config FILE`` instead of ``hotline run``. The test writes ``Complete 1``
into ``die`` beside the settings: at the next such event it dies after the row is written and one order carried out.
"""

import os
import signal
import sys
from pathlib import Path

from hotline.cli import main
from ivr.control.operations import Operations
from ivr.control.parts import Event, Order, Outcome, Party, Saga

FILE = Path(sys.argv[sys.argv.index("--config") + 1]).with_name("die")


class _Death:
    event = ""
    orders = -1


async def _apply(self: Operations, saga: Saga, event: Event) -> None:
    if FILE.exists():
        name, orders = FILE.read_text(encoding="utf-8").split()
        if name == type(event).__name__:
            FILE.unlink()
            _Death.orders = int(orders)
    await _real_apply(self, saga, event)


async def _carry_out(self: Operations, order: Order, outcome: Outcome, party: Party | None) -> None:
    if _Death.orders == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    _Death.orders -= 1
    await _real_carry_out(self, order, outcome, party)


_real_apply, _real_carry_out = Operations._apply, Operations._carry_out
Operations._apply = _apply  # type: ignore[method-assign]
Operations._carry_out = _carry_out  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
