"""Invoice providers by name. The sandbox is not in this list: it is the real provider with another address and key."""

from __future__ import annotations

from drivers.invoices.base import InvoiceProvider
from drivers.registry import Registry

PROVIDERS: Registry[InvoiceProvider] = Registry(
    InvoiceProvider,  # type: ignore[type-abstract]
    {
        "nuonuo": "drivers.invoices.nuonuo:Nuonuo",
        "broken": "drivers.invoices.broken:BrokenProvider",
    },
)
