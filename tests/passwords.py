"""Passwords of tests cost next to nothing: a site's dozen of them took two seconds of a processor for each house.

A hash says itself what it costs, so the engine that checks one is quick too. What they cost a site is not shortened.
"""

from argon2 import PasswordHasher

from hotline.security import Passwords

HASHING = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def cheap_passwords() -> Passwords:
    """To be closed by whoever takes them."""
    return Passwords(HASHING)
