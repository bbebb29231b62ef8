"""The use cases of one shop, made together. Imported after the first screen: they are most of the program."""

from __future__ import annotations

from dataclasses import dataclass

from data.reference import tax_profiles
from data.store import Store
from kiosk.services.changes import Changes
from kiosk.services.clock import Clock
from kiosk.services.collection import CollectionService
from kiosk.services.collection_start import Terms
from kiosk.services.invoice_intents import InvoiceIntents
from kiosk.services.invoice_terms import TaxTerms
from kiosk.services.invoicing import InvoicingService
from kiosk.services.lookups import Lookups
from kiosk.services.open_channels import OpenChannels
from kiosk.services.paid_aside import PaidAside
from kiosk.services.printing import PrintingService
from kiosk.services.refunds import RefundService
from kiosk.services.sale import SaleService
from kiosk.services.settlement import Settlement
from kiosk.services.slips import Press, ShopFacts, Slips
from kiosk.services.waiting import WaitingSales
from kiosk.settings import DOTS, NO_PRINTER, InvoicesSection, PrinterSection, Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Services:
    """What can be done in a shop, beside signing in."""

    sales: SaleService
    lookups: Lookups
    waiting: WaitingSales
    paid_aside: PaidAside
    collection: CollectionService
    refunds: RefundService
    invoicing: InvoicingService
    printing: PrintingService
    slips: Slips


def make_services(settings: Settings, store: Store, clock: Clock, changes: Changes, terminal: str) -> Services:
    """Raises SettingsError for settings that cannot be used."""
    first = settings.printers[0] if settings.printers else PrinterSection(name=NO_PRINTER)
    shop = settings.shop
    slips = Slips(ShopFacts(shop.name, shop.address, shop.phone), Press(first.name, first.language, DOTS[first.width]))
    intents = InvoiceIntents(tax_terms(settings.invoices))
    terms = Terms(settings.collection.order_seconds * 1000, settings.collection.description)
    channels = OpenChannels(clock, lambda: changes.publish({"health", "payments"}))
    return Services(
        sales=SaleService(store, clock, terminal),
        lookups=Lookups(store),
        waiting=WaitingSales(store),
        paid_aside=PaidAside(store, clock, terminal),
        collection=CollectionService(store, clock, changes, channels, Settlement(intents, slips), terms),
        refunds=RefundService(store, clock, changes, channels),
        invoicing=InvoicingService(store, clock, changes, intents),
        printing=PrintingService(store, clock, changes, slips),
        slips=slips,
    )


def tax_terms(section: InvoicesSection) -> TaxTerms:
    """The shop's own settings; what they leave blank, the profile may say (the demo's does)."""
    try:
        profile = tax_profiles().named(section.tax_profile)
    except LookupError:
        known = ", ".join(one.name for one in tax_profiles().profiles)
        raise SettingsError(f"invoices.tax_profile must be one of {known}, not {section.tax_profile}.") from None
    return TaxTerms(
        profile,
        section.goods_tax_code or profile.goods_tax_code,
        section.goods_short_name or profile.goods_short_name,
        section.special_element or profile.special_element,
        section.unit,
    )
