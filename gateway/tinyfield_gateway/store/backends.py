"""What differs between the two databases, as values; the rest of the store is the same for both.

Writers take turns: with BEGIN IMMEDIATE in SQLite, with one advisory lock in PostgreSQL. So two
gateways may share a database, and ids become visible in ascending order, which a sink's cursor
depends on: without it, one writer's ids may appear below those that a sink has passed already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.engine import URL

_GOES_ON = "the gateway goes on by itself"
_FREE = f"free some space on its disk; {_GOES_ON}"


@dataclass(frozen=True)
class Backend:
    """One kind of database."""

    driver: str
    connect: Mapping[str, object]
    """Arguments of the driver, where the address does not set them."""
    settings: tuple[str, ...]
    """Statements that each new connection begins with."""
    begin: str | None
    """First statement of a transaction that reads, if one is needed."""
    begin_writing: str
    """First statement of a transaction that is going to write."""
    hints: tuple[tuple[tuple[str, ...], str], ...]
    """What helps, by words in the database's own message; the first that fits."""

    def hint(self, message: str) -> str | None:
        """The cure for what the database says, if one is known."""
        low = message.lower()
        return next((cure for words, cure in self.hints if any(w in low for w in words)), None)


SQLITE = Backend(
    driver="sqlite",
    # We say BEGIN ourselves: the driver's own rules start a transaction too late for "read, then
    # write" to be one.
    connect={"isolation_level": None},
    settings=(
        "PRAGMA busy_timeout=5000",
        "PRAGMA journal_mode=WAL",
        # FULL: an acknowledged decision outlives a power cut. NORMAL was measured to be hardly
        # quicker in batches.
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
    ),
    begin="BEGIN",
    begin_writing="BEGIN IMMEDIATE",
    hints=(
        (("full", "no space", "disk i/o"), _FREE),
        (
            ("readonly", "read-only", "permission", "unable to open"),
            f"make its folder and file writable; {_GOES_ON}",
        ),
        (("locked",), "another program is writing to it"),
    ),
)

POSTGRESQL = Backend(
    driver="postgresql+psycopg",
    # A server that vanishes without a word is given up in seconds, not after libpq's minutes.
    connect={"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 30},
    settings=(
        # A server may be told to confirm what a power cut can still take: not to us.
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'",
        "SET lock_timeout = '10s'",
        # A writer that lost its machine gives the turn back.
        "SET idle_in_transaction_session_timeout = '30s'",
    ),
    begin=None,
    begin_writing="SELECT pg_advisory_xact_lock(1953066617)",  # "tiny"; any number of ours
    hints=(
        (("no space", "disk full"), _FREE),
        (
            ("refused", "no such file", "timeout expired", "closed the connection"),
            f"is PostgreSQL running there? {_GOES_ON}",
        ),
        (
            ("starting up", "shutting down", "administrator command"),
            f"PostgreSQL is being started or stopped; {_GOES_ON}",
        ),
        (("no password", "password auth"), "give postgresql://USER:PASSWORD@…, or use ~/.pgpass"),
        (("does not exist",), "make it: createuser USER && createdb --owner USER DATABASE"),
        (("permission denied",), "let the user own it: ALTER DATABASE … OWNER TO …"),
        (("read-only",), "this server is a standby; give the address of its primary"),
        (("lock timeout",), "another gateway holds the store for writing"),
    ),
)


def backend_of(url: URL) -> Backend:
    """The kind of database at an address that is known to be one of the two."""
    return SQLITE if url.get_backend_name() == "sqlite" else POSTGRESQL
