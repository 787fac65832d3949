"""The tables of security. No secret stands in them that could be used as it is: hashes only."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from hotline.database import Instant, metadata
from hotline.ledger import make_append_only

accounts = Table(
    "security_accounts",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("roles", String(128), nullable=False),
    Column("seat", String(16)),
    Column("unit", String(32)),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
)
"""``roles`` are role names joined by commas, in alphabetical order."""

sessions = Table(
    "security_sessions",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("security_accounts.account"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("revoked_at", Instant),
    Column("from_where", String(64), nullable=False),
)
"""``fingerprint`` is the SHA-256 of the token, in hex; the token itself is only in the browser's cookie."""

attempts = Table(
    "security_attempts",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
)
"""Sign-ins under way or failed, by the name that was typed, whether such an account exists or not."""

audit = Table(
    "security_audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("who", String(64), nullable=False, index=True),
    Column("what", String(64), nullable=False),
    Column("whom", String(128), nullable=False),
    Column("from_where", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Who did what to whom, when and from where. The database itself refuses to change or delete a row."""

make_append_only(audit)
