"""The files of issued invoices: fetched once, kept whole with their digest in the store's directory, handed out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

from data.durable import make_directory, write_whole
from data.models import Invoice, InvoiceFile
from data.states import InvoiceState
from data.store import Store
from drivers.invoices.base import FileFormat, InvoiceProvider, InvoiceRefused
from kiosk.rules.refusals import Reason, Refusal

DIRECTORY = "invoices"


class InvoiceFiles:
    """The directory `invoices` of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fetch(self, provider: InvoiceProvider, number: str, urls: Mapping[FileFormat, str]) -> str | None:
        """Fetch and keep what is not kept yet; returns what is still missing, None when all that is offered is kept.

        Raises InvoiceUnreachable: try later.
        """
        if not urls:
            return "no file is offered yet"
        kept = await self._store.read(lambda: _kept(number))
        refused: list[str] = []
        for form, url in urls.items():
            if form.value in kept:
                continue
            try:
                content = await provider.fetch(url, form)
            except InvoiceRefused as error:
                refused.append(f"{form.value}: {error}")
                continue
            await self._keep(number, form, content)
        return "; ".join(refused)[:200] or None

    async def save(self, number: str, form: str, to: Path) -> Path:
        """Copy a kept file, checked against its digest, to `to` (into it, when it is a directory); returns where it is.

        Raises Refusal NO_INVOICE_FILE, INVOICE_NOT_ISSUED (number), OSError when it cannot be written there.
        """

        def find() -> tuple[str, str] | None:
            invoice = Invoice.find(number)
            if invoice is None or invoice.state != InvoiceState.ISSUED:
                raise Refusal(Reason.INVOICE_NOT_ISSUED, number=number)
            row = (
                InvoiceFile.query().where((InvoiceFile.invoice == number) & (InvoiceFile.format == form)).get_or_none()
            )
            return None if row is None else (row.path, row.sha256)

        found = await self._store.read(find)
        if found is None:
            raise Refusal(Reason.NO_INVOICE_FILE, number=number, format=form)
        source = self._store.directory / found[0]
        saved = await asyncio.to_thread(_copy, source, to, found[1])
        if saved is None:
            raise Refusal(Reason.NO_INVOICE_FILE, number=number, format=form)
        return saved

    async def _keep(self, number: str, form: FileFormat, content: bytes) -> None:
        """The file first, whole and on the medium, then its row: a row always has its file."""
        relative = f"{DIRECTORY}/{number}.{form.value}"
        await asyncio.to_thread(_keep_whole, self._store.directory / relative, content)
        digest = hashlib.sha256(content).hexdigest()
        await self._store.write(
            lambda tx: tx.create(
                InvoiceFile,
                invoice=number,
                format=form.value,
                path=relative,
                sha256=digest,
                size=len(content),
                stored_at_ms=tx.now_ms,
            )
        )


def _kept(number: str) -> set[str]:
    return {row.format for row in InvoiceFile.query().where(InvoiceFile.invoice == number)}


def _keep_whole(path: Path, content: bytes) -> None:
    make_directory(path.parent)
    write_whole(path, content)


def _copy(source: Path, to: Path, digest: str) -> Path | None:
    """Where the copy is; None when the kept file is gone or is not what it was."""
    try:
        content = source.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).hexdigest() != digest:
        return None
    target = to / source.name if to.is_dir() else to
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target
