"""Passwords: argon2id, computed in two threads of their own so that a storm of sign-ins never delays a call."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hotline.errors import RuleBroken, Unavailable

SHORTEST = 8
LONGEST = 128
_THREADS = 2
_WAITING_AT_MOST = 64
_READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is mistaken for another


class Passwords:
    """Hashes and verifies off the event loop. ``close`` when done."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobody = self._hasher.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        """The encoded argon2id hash, with its salt and costs."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether ``password`` fits. None (no such account) costs the same time and is never right."""
        if self._waiting >= _WAITING_AT_MOST:
            raise Unavailable("同时登录的人太多,请稍后再试", "too many people are signing in; try again in a moment")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            fits = await loop.run_in_executor(self._threads, self._fits, encoded or self._nobody, password)
        finally:
            self._waiting -= 1
        return fits and encoded is not None

    def _fits(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def check_password(password: str, account: str) -> None:
    """Raise RuleBroken when a new password is too short, too long or just the account's name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise RuleBroken(
            f"密码长度应为 {SHORTEST} 到 {LONGEST} 个字符",
            f"a password has {SHORTEST} to {LONGEST} characters",
            code="weak_password",
        )
    if account.casefold() in password.casefold() or len(set(password)) < 4:
        raise RuleBroken(
            "密码过于简单:不能包含账号名,至少要有 4 种不同字符",
            "too simple: a password must not contain the account's name and needs at least 4 different characters",
            code="weak_password",
        )


def generate_password(length: int = 14) -> str:
    """A random password that can be read aloud and typed."""
    while True:
        password = "".join(secrets.choice(_READABLE) for _ in range(length))
        if len(set(password)) >= 4:
            return password
