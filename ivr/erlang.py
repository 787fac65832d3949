"""Erlang's formula C: how long a line of patient citizens waits for a number of agents.

Arrivals at random, handle times exponential, nobody gives up. Real handle times vary less, so that real waits are
somewhat shorter; it is the planner's yardstick beside a simulation, not a replacement for it.
"""

from math import ceil, exp


def offered_load(calls_per_hour: float, handle_seconds: float) -> float:
    """Erlang: agents who would be busy all the time."""
    return calls_per_hour * handle_seconds / 3600


def waiting_probability(agents: int, load: float) -> float:
    """Share of citizens who must wait; 1.0 where the line grows without end."""
    if load <= 0:
        return 0.0
    if agents <= load:
        return 1.0
    blocked = 1.0  # Erlang B, by the recursion that never overflows
    for agent in range(1, agents + 1):
        blocked = load * blocked / (agent + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def answered_within(agents: int, load: float, handle_seconds: float, seconds: float) -> float:
    """Share of citizens answered within ``seconds``."""
    if agents <= load:
        return 0.0
    return 1 - waiting_probability(agents, load) * exp(-(agents - load) * seconds / handle_seconds)


def mean_wait(agents: int, load: float, handle_seconds: float) -> float:
    """Mean seconds of waiting; infinite where the line grows without end."""
    if agents <= load:
        return float("inf")
    return waiting_probability(agents, load) * handle_seconds / (agents - load)


def agents_needed(load: float, handle_seconds: float, seconds: float, share: float) -> int:
    """The fewest agents who answer ``share`` (below 1) within ``seconds``."""
    agents = max(1, ceil(load))
    while answered_within(agents, load, handle_seconds, seconds) < share:
        agents += 1
    return agents
