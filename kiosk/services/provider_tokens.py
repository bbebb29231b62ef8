"""Access tokens in the store: shared by all requests and outliving the program, because providers count them."""

from __future__ import annotations

from data.queries.shop import token as find_token
from data.store import Store
from data.tokens import keep_token
from drivers.invoices.base import Token

FOR_EVER = 0


class StoredTokens:
    """The `TokenCache` of one provider and application."""

    def __init__(self, store: Store, provider: str) -> None:
        self._store = store
        self._provider = provider

    async def get(self) -> Token | None:
        """The token kept last."""

        kept = await self._store.read(lambda: find_token(self._provider))
        if kept is None:
            return None
        return Token(kept.token, kept.fetched_at_ms, None if kept.expires_at_ms == FOR_EVER else kept.expires_at_ms)

    async def put(self, token: Token) -> None:
        """Keep it in place of the last one."""
        expires = FOR_EVER if token.expires_at_ms is None else token.expires_at_ms
        await self._store.write(
            lambda tx: keep_token(
                tx, self._provider, token.value, fetched_at_ms=token.obtained_at_ms, expires_at_ms=expires
            )
        )
