"""Access tokens in the store: shared by all requests and outliving the program, because providers count them."""

from __future__ import annotations

from data.models import ProviderToken
from data.store import Store
from drivers.invoices.base import Token

FOR_EVER = 0


class StoredTokens:
    """The `TokenCache` of one provider and application."""

    def __init__(self, store: Store, provider: str) -> None:
        self._store = store
        self._provider = provider

    async def get(self) -> Token | None:
        """The token kept last."""

        def find() -> Token | None:
            row = ProviderToken.find(self._provider)
            if row is None:
                return None
            return Token(row.token, row.fetched_at_ms, None if row.expires_at_ms == FOR_EVER else row.expires_at_ms)

        return await self._store.read(find)

    async def put(self, token: Token) -> None:
        """Keep it in place of the last one."""
        expires = FOR_EVER if token.expires_at_ms is None else token.expires_at_ms
        await self._store.write(
            lambda tx: tx.execute(
                "INSERT INTO provider_token (provider, token, fetched_at_ms, expires_at_ms) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (provider) DO UPDATE SET token = excluded.token, "
                "fetched_at_ms = excluded.fetched_at_ms, expires_at_ms = excluded.expires_at_ms",
                (self._provider, token.value, token.obtained_at_ms, expires),
            )
        )
