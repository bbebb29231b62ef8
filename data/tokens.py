"""Access tokens of providers, kept because a provider counts how often one is asked for. Never told to the journal."""

from __future__ import annotations

from data.unit_of_work import Tx


def keep_token(tx: Tx, provider: str, token: str, *, fetched_at_ms: int, expires_at_ms: int) -> None:
    """Replaces the provider's token; read it with ``queries.shop.token``."""
    tx.execute(
        "INSERT INTO provider_token (provider, token, fetched_at_ms, expires_at_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (provider) DO UPDATE SET token = excluded.token, fetched_at_ms = excluded.fetched_at_ms, "
        "expires_at_ms = excluded.expires_at_ms",
        (provider, token, fetched_at_ms, expires_at_ms),
    )
