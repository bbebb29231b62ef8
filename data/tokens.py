"""Access tokens of providers, in a table of their own: secret, short-lived, and not told to the journal."""

from __future__ import annotations

from data.unit_of_work import Tx


def keep(tx: Tx, provider: str, token: str, fetched_at_ms: int, expires_at_ms: int) -> None:
    """Keep a token in place of the provider's last one; ``data.queries.shop.token`` reads it."""
    tx.execute(
        "INSERT INTO provider_token (provider, token, fetched_at_ms, expires_at_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (provider) DO UPDATE SET token = excluded.token, fetched_at_ms = excluded.fetched_at_ms, "
        "expires_at_ms = excluded.expires_at_ms",
        (provider, token, fetched_at_ms, expires_at_ms),
    )
