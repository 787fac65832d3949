"""The callback robot (回访): every handled work order ends in a disposition, nobody is phoned twice for it.

Pure modules decide (``lifecycle``, ``pacing``, ``survey``); ``tasks`` keeps what is owed; ``robot`` paces, ``calls``
dials, ``conversation`` asks. Work orders are reached through the ``Conclusions`` Protocol only.
"""
