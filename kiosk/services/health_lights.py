"""From what the loops last heard to the lights of the status line."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from data.queries.attention import Attention
from drivers.printers.base import Fault, Paper
from kiosk.services.channel_watch import ChannelFacts, Trouble
from kiosk.services.clock_sanity import Verdict
from kiosk.services.health import UNASKED, Health, Indicator, Level, Reason
from kiosk.services.printer_worker import PrinterFacts

SLOW_CLOCK_MS = 60_000

_SEVERITY = (Level.OFF, Level.OK, Level.UNKNOWN, Level.ATTENTION, Level.FAULT)
_TROUBLES = {
    Trouble.UNREACHABLE: Reason.UNREACHABLE,
    Trouble.NO_ANSWER: Reason.NO_ANSWER,
    Trouble.UNVERIFIED: Reason.UNVERIFIED,
    Trouble.REFUSED: Reason.REFUSED,
    Trouble.CLOCK: Reason.CLOCK_WRONG,
    Trouble.MISCONFIGURED: Reason.MISCONFIGURED,
}
_FAULTS = {
    Fault.PAPER_OUT: Reason.PAPER_OUT,
    Fault.COVER_OPEN: Reason.COVER_OPEN,
    Fault.OFFLINE: Reason.OFFLINE,
    Fault.ERROR: Reason.ERROR,
}


def lights(
    channels: Collection[ChannelFacts],
    provider: ChannelFacts,
    printers: Iterable[PrinterFacts],
    counts: Attention,
    clock: Verdict,
) -> Health:
    """Every light, from what the payment channels, the invoice provider and the printers last said."""
    return Health(
        printer=_printer(printers, counts),
        payment=_payment(channels, counts),
        invoices=_invoices(provider, counts),
        network=_network([*channels, provider]),
        clock=_clock(clock),
    )


def _printer(printers: Iterable[PrinterFacts], counts: Attention) -> Indicator:
    lights = [_one_printer(facts) for facts in printers]
    worst = _worst(lights) if lights else UNASKED
    level, reason = worst.level, worst.reason
    if counts.uncertain and level in (Level.OK, Level.UNKNOWN):
        level, reason = Level.ATTENTION, Reason.UNCERTAIN
    return Indicator(level, reason, counts.printing, counts.uncertain)


def _one_printer(facts: PrinterFacts) -> Indicator:
    if not facts.can_report:
        return Indicator(Level.UNKNOWN, Reason.NONE)
    if facts.status is None:
        return UNASKED
    if facts.status.fault is not None:
        return Indicator(Level.FAULT, _FAULTS[facts.status.fault])
    if not facts.status.answered:
        return Indicator(Level.FAULT, Reason.NO_ANSWER)
    if facts.status.paper is Paper.NEAR_END:
        return Indicator(Level.ATTENTION, Reason.PAPER_LOW)
    return Indicator(Level.OK)


def _provider(facts: ChannelFacts) -> Indicator:
    if facts.trouble is Trouble.OFF:
        return Indicator(Level.OFF, Reason.NOT_SET_UP)
    if facts.trouble is not None:
        return Indicator(Level.FAULT, _TROUBLES[facts.trouble], since_ms=facts.since_ms)
    return Indicator(Level.OK) if facts.asked else UNASKED


def _payment(channels: Iterable[ChannelFacts], counts: Attention) -> Indicator:
    """Unknown only while no channel was asked: one that nobody uses does not hide that the other one is well."""
    lights = [_provider(facts) for facts in channels]
    known = [light for light in lights if light.level not in (Level.UNKNOWN, Level.OFF)] or lights
    worst = _worst(known) if known else Indicator(Level.OFF, Reason.NOT_SET_UP)
    level, reason = worst.level, worst.reason
    if counts.open_money and level is not Level.FAULT:
        level, reason = Level.ATTENTION, Reason.MONEY_OPEN
    return Indicator(level, reason, counts.unknown_payments, counts.open_money, worst.since_ms)


def _invoices(facts: ChannelFacts, counts: Attention) -> Indicator:
    light = _provider(facts)
    level, reason = light.level, light.reason
    if level is Level.FAULT:
        level = Level.ATTENTION  # sales go on; invoices are made up for
    if counts.failed_invoices:
        level, reason = Level.ATTENTION, Reason.FAILED
    return Indicator(level, reason, counts.invoicing, counts.failed_invoices, light.since_ms)


def _network(providers: list[ChannelFacts]) -> Indicator:
    """Down when nobody can be reached; unknown until somebody was asked. One silent provider is not the network.

    But who answered before that one fell silent, and was not asked since, is no proof that the network is there.
    """
    asked = [facts for facts in providers if facts.asked]
    if not asked:
        return UNASKED
    silent = [facts for facts in asked if facts.trouble in (Trouble.UNREACHABLE, Trouble.NO_ANSWER)]
    since = min((facts.since_ms for facts in silent if facts.since_ms is not None), default=None)
    if len(silent) < len(asked):
        heard = max((facts.answered_ms for facts in asked if facts.answered_ms is not None), default=None)
        if since is None or heard is None or heard >= since:
            return Indicator(Level.OK)
        cut_off = any(facts.trouble is Trouble.UNREACHABLE for facts in silent)
        return Indicator(Level.ATTENTION, Reason.UNREACHABLE if cut_off else Reason.NO_ANSWER, since_ms=since)
    return Indicator(Level.FAULT, Reason.UNREACHABLE, since_ms=since)


def _clock(verdict: Verdict) -> Indicator:
    """A doubted clock stops collecting; one that is a little wrong should be looked at."""
    if verdict.doubt is not None:
        return Indicator(Level.FAULT, Reason.CLOCK_WRONG, slow_ms=verdict.slow_ms)
    if verdict.slow_ms is None:
        return UNASKED
    if abs(verdict.slow_ms) > SLOW_CLOCK_MS:
        return Indicator(Level.ATTENTION, Reason.CLOCK_WRONG, slow_ms=verdict.slow_ms)
    return Indicator(Level.OK, slow_ms=verdict.slow_ms)


def _worst(lights: list[Indicator]) -> Indicator:
    return max(lights, key=lambda light: _SEVERITY.index(light.level))
