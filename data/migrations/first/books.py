"""What holds buybacks, shifts, clearings, reference rows, sequences, the outbox and the journal."""

from __future__ import annotations

from data.migrations.triggers import Rule, fixed, kept, lines, moving, once, one_of, only_added, refuse

BUYBACK_ALL = (
    "serial state terminal operator customer_name customer_phone customer_address id_number consent_version "
    "consent_sha256 payout_fen payout_method forget_after_ms received_at_ms settled_at_ms cancelled_at_ms reason"
)

UNERASED = (
    "meta",
    "outlet",
    "terminal",
    "operator",
    "setting",
    "enrolment",
    "activation",
    "vehicle_model",
    "battery_model",
    "charger_model",
    "compatibility",
    "code_rule",
    "sale_ban",
    "price_change",
    "customer",
    "points_entry",
    "sequence",
)


def book_rules() -> list[Rule]:
    open_buyback = ["RECEIVED", "APPRAISING", "APPRAISED"]
    return [
        fixed("buyback_identity", "buyback", "serial terminal received_at_ms"),
        fixed("buyback_ended", "buyback", BUYBACK_ALL, when="OLD.state IN ('SETTLED', 'CANCELLED')"),
        refuse(
            "buyback_pictures",
            "UPDATE",
            "buyback",
            "(NEW.photo IS NOT OLD.photo AND NEW.photo IS NOT NULL OR "
            "NEW.signature IS NOT OLD.signature AND NEW.signature IS NOT NULL) "
            "AND NOT (NEW.state = 'SETTLED' AND OLD.state <> 'SETTLED')",
            "'buyback: photo and signature are stored at execution; later they can only be forgotten'",
        ),
        moving(
            "buyback_settled",
            "buyback",
            "SETTLED",
            "NEW.payout_fen IS NOT NULL AND NEW.settled_at_ms IS NOT NULL AND EXISTS "
            "(SELECT 1 FROM buyback_item WHERE buyback = NEW.serial AND cancelled = 0)",
            "buyback: SETTLED needs a payout, a time and at least one item",
        ),
        refuse(
            "buyback_begins_bare",
            "INSERT",
            "buyback",
            "NEW.photo IS NOT NULL OR NEW.signature IS NOT NULL",
            "'buyback: photo and signature are stored at execution'",
        ),
        kept("buyback", unless=one_of("OLD.state", open_buyback)),
        *lines("buyback_item", "buyback", "serial", "buyback", open_buyback),
        refuse(
            "buyback_item_price",
            "UPDATE",
            "buyback_item",
            "(NEW.price_fen IS NOT OLD.price_fen OR NEW.adjustment_fen <> OLD.adjustment_fen) AND "
            "(SELECT state FROM buyback WHERE serial = NEW.buyback) <> 'APPRAISING'",
            "'buyback_item: prices change only during appraisal'",
        ),
        fixed("shift_facts", "shift", "serial terminal operator float_fen opened_at_ms"),
        *once("shift", "counted_at_ms closed_at_ms"),
        kept("shift"),
        *only_added("shift_count", "shift", "serial", "shift", ["OPEN"], "shift tender expected_fen counted_fen"),
        fixed("clearing_identity", "clearing", "serial terminal operator opened_at_ms"),
        fixed(
            "clearing_sealed",
            "clearing",
            (
                "state scope manifest_sha256 certificate certificate_sha256 previous_sha256 sealed_at_ms row_count "
                "reason"
            ),
            when="OLD.state = 'SEALED'",
        ),
        moving("clearing_back", "clearing", "OPEN", "NEW.reason IS NOT NULL", "clearing: going back needs a reason"),
        moving(
            "clearing_sealing_done",
            "clearing",
            "SEALED",
            "NEW.manifest_sha256 IS NOT NULL AND NEW.certificate IS NOT NULL AND NEW.sealed_at_ms IS NOT NULL",
            "clearing: SEALED needs manifest, certificate and time",
        ),
        kept("clearing"),
        *lines("clearing_row", "clearing", "serial", "clearing", ["SEALING"]),
        *(kept(table) for table in UNERASED),
        fixed("meta_facts", "meta", "name value"),
        fixed("points_entry_facts", "points_entry", "id customer_id document document_key points at_ms"),
        refuse(
            "sequence_begins",
            "INSERT",
            "sequence",
            "NEW.last <> 1",
            "'sequence: numbers begin at 1'",
        ),
        refuse(
            "sequence_rises",
            "UPDATE",
            "sequence",
            "NEW.series <> OLD.series OR NEW.day <> OLD.day OR NEW.last <> OLD.last + 1",
            "'sequence: numbers rise by one'",
        ),
        fixed("outbox_facts", "outbox", "key kind subject created_at_ms"),
        kept("outbox", unless="OLD.state = 'DONE'"),
    ]


def journal_rules() -> list[Rule]:
    follows = (
        "SELECT NEW.seq = seq + 1 AND NEW.prev = hash AND NEW.grand_total_fen >= grand_total_fen "
        "AND NEW.at_ms >= at_ms FROM journal ORDER BY seq DESC LIMIT 1"
    )
    first = f"NEW.seq = 1 AND NEW.prev = '{'0' * 64}' AND NEW.at_ms >= 0"
    return [
        refuse(
            "journal_follows",
            "INSERT",
            "journal",
            f"COALESCE(({follows}), {first}) IS NOT TRUE",
            "'journal: a row follows the last one, and neither the time nor the grand total goes back'",
        ),
        refuse("journal_is_written_once", "UPDATE", "journal", "1", "'journal: nothing is changed'"),
        kept("journal"),
    ]
