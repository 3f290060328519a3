"""Whether the registry changed since it was last looked at, asked so cheaply that it can be asked always."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

_ASKED = {
    # Rises when another connection commits (https://sqlite.org/pragma.html#pragma_data_version).
    "sqlite": "PRAGMA data_version",
    # Differs once a transaction that writes has begun or ended; reading takes no transaction id.
    "postgresql": "SELECT CAST(pg_current_snapshot() AS text)",
}


class Changes:
    """Watches one registry; for one thread at a time.

    It keeps a connection of its own: SQLite counts for each connection.
    """

    def __init__(self, registry: Engine) -> None:
        self._registry = registry
        self._connection: Connection | None = None
        self._seen: object = None

    def look(self) -> bool:
        """Whether anything was committed since the last `look`; True at the first, and after an error."""
        try:
            now = self._ask()
        except Exception:
            self.close()
            raise
        changed = now != self._seen
        self._seen = now
        return changed

    def forget(self) -> None:
        """Let the next `look` say that something changed."""
        self._seen = None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
        self._connection, self._seen = None, None

    def _ask(self) -> object:
        if self._connection is None:
            self._connection = self._registry.connect()
        try:
            return self._connection.exec_driver_sql(_ASKED[self._registry.dialect.name]).scalar()
        finally:
            # A transaction that stays open would see the same for ever.
            self._connection.rollback()
