"""What holds invoices, returns of goods, units and print jobs."""

from __future__ import annotations

from data.migrations.triggers import Rule, fixed, kept, moving, once, one_of, only_added, refuse

INVOICE_FACTS = "number sale_id serial kind reverses title tax_number net_fen tax_fen total_fen remark created_at_ms"

JOB_FACTS = "id document document_key copy kind copy_no template_version queued_at_ms operator reason"


def invoice_rules() -> list[Rule]:
    summed = "NEW.total_fen = (SELECT SUM(gross_fen) FROM invoice_line WHERE invoice = NEW.number)"
    return [
        refuse(
            "invoice_one_blue",
            "INSERT",
            "invoice",
            "NEW.kind = 'BLUE' AND EXISTS (SELECT 1 FROM invoice AS b WHERE b.sale_id = NEW.sale_id "
            "AND b.kind = 'BLUE' AND b.state <> 'WITHDRAWN' AND b.final = 0 AND b.total_fen > "
            "(SELECT -COALESCE(SUM(r.total_fen), 0) FROM invoice AS r "
            "WHERE r.reverses = b.number AND r.state = 'ISSUED'))",
            "'invoice: this sale has a blue invoice that is not reversed'",
        ),
        refuse(
            "invoice_red_fits",
            "INSERT",
            "invoice",
            "NEW.kind = 'RED' AND NOT EXISTS (SELECT 1 FROM invoice AS b WHERE b.number = NEW.reverses "
            "AND b.kind = 'BLUE' AND b.state = 'ISSUED' AND b.sale_id = NEW.sale_id AND b.total_fen >= "
            "(SELECT -NEW.total_fen - COALESCE(SUM(r.total_fen), 0) FROM invoice AS r WHERE r.reverses = b.number "
            "AND r.state NOT IN ('REFUSED', 'LAPSED', 'FAILED')))",
            "'invoice: a red one reverses an issued blue one of its sale, never more than its amount'",
        ),
        fixed("invoice_facts", "invoice", INVOICE_FACTS),
        fixed("invoice_request", "invoice", "request", when="OLD.request IS NOT NULL OR OLD.state <> 'NEW'"),
        *once("invoice", "fiscal_number issued_at_ms"),
        fixed(
            "invoice_ended",
            "invoice",
            "state final provider_serial reason",
            when=one_of("OLD.state", ("ISSUED", "WITHDRAWN", "REFUSED", "LAPSED")) + " OR OLD.final = 1",
        ),
        refuse(
            "invoice_final",
            "UPDATE",
            "invoice",
            "NEW.final = 1 AND (NEW.state <> 'FAILED' OR NEW.reason IS NULL)",
            "'invoice: only a failure with its reason is final'",
        ),
        refuse("invoice_final_born", "INSERT", "invoice", "NEW.final = 1", "'invoice: it is not born final'"),
        *(
            moving(
                f"invoice_{state.lower()}_needs",
                "invoice",
                state,
                f"NEW.request IS NOT NULL AND {summed}",
                "invoice: its exact bytes and lines that sum to its total are stored before it is sent",
                source="NEW",
            )
            for state in ("SENT", "APPLIED")
        ),
        moving(
            "invoice_issued",
            "invoice",
            "ISSUED",
            "NEW.fiscal_number IS NOT NULL AND NEW.issued_at_ms IS NOT NULL",
            "invoice: ISSUED needs its number and time",
        ),
        moving("invoice_failed", "invoice", "FAILED", "NEW.reason IS NOT NULL", "invoice: FAILED needs a reason"),
        kept("invoice"),
        *only_added(
            "invoice_line",
            "invoice",
            "number",
            "invoice",
            ["NEW"],
            "invoice position name tax_code quantity unit spec rate_bp net_fen tax_fen gross_fen",
        ),
        *only_added(
            "invoice_file", "invoice", "number", "invoice", ["ISSUED"], "invoice format path sha256 size stored_at_ms"
        ),
    ]


def return_and_stock_rules() -> list[Rule]:
    return [
        fixed("goods_return_facts", "goods_return", "serial sale_id reason operator amount_fen opened_at_ms"),
        *once("goods_return", "done_at_ms withdrawn_at_ms"),
        moving(
            "goods_return_withdrawn",
            "goods_return",
            "WITHDRAWN",
            "NOT EXISTS (SELECT 1 FROM refund WHERE return_serial = NEW.serial AND state <> 'NEW')",
            "goods_return: a refund of it has left already",
        ),
        kept("goods_return"),
        *only_added(
            "return_line", "goods_return", "serial", "return_serial", ["OPEN"], "return_serial position amount_fen"
        ),
        fixed("unit_facts", "unit", "code kind model received_at_ms source"),
        kept("unit"),
    ]


def paper_rules() -> list[Rule]:
    return [
        fixed("print_job_facts", "print_job", JOB_FACTS),
        *once("print_job", "payload sha256"),
        fixed("print_job_printer", "print_job", "printer", when="OLD.state NOT IN ('QUEUED', 'HELD')"),
        fixed(
            "print_job_ended",
            "print_job",
            "state tier bytes_sent sent_at_ms confirmed_at_ms",
            when="OLD.state IN ('PRINTED', 'CANCELLED')",
        ),
        moving(
            "print_job_sending",
            "print_job",
            "SENDING",
            "NEW.payload IS NOT NULL AND NEW.sha256 IS NOT NULL",
            "print_job: its exact bytes are stored before the first one leaves",
        ),
        moving(
            "print_job_unsent",
            "print_job",
            "QUEUED",
            "OLD.bytes_sent = 0 AND NEW.bytes_sent = 0",
            "print_job: bytes were accepted, so whether it printed is uncertain",
            source="SENDING",
        ),
        moving("print_job_printed", "print_job", "PRINTED", "NEW.tier IS NOT NULL", "print_job: PRINTED needs a tier"),
        kept("print_job"),
    ]
