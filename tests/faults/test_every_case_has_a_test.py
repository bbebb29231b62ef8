"""Every fault case of the payment protocols' study is claimed by a test that runs: `Case 17` in its docstring."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CLAIM = re.compile(r"\bCases?\s+(\d+(?:(?:,| and|, and)\s+\d+)*)")

CASES = {
    1: "create times out, the order exists there",
    2: "create times out and never arrived",
    3: "crash between intent and create",
    4: "crash after paid there, before the commit here",
    5: "crash after the paid commit, before invoice and slip",
    6: "network lost after the code is shown, the customer pays",
    7: "paid between the last query and the close",
    8: "close accepted, the next query says unpaid",
    9: "paid, seen after closed",
    10: "the query lags behind the payment",
    11: "the customer changes to the other channel",
    12: "both orders of one sale are paid",
    13: "total, currency or merchant are not ours",
    14: "coupon: the payer gave less than the total",
    15: "refunded there at the first query",
    16: "signature bad or missing, an old answer again",
    17: "unknown key of the provider",
    18: "202 on close or pay",
    19: "429, 500, a page of HTML, half an answer, no answer",
    20: "clock ten minutes ahead, a year behind",
    21: "time zone of the machine",
    23: "refund times out, executed",
    24: "refund under way for days, abnormal, not enough balance",
    25: "refund over the rest, 51st part, after a year",
    26: "Alipay knows no trade for 100 s, then paid",
    27: "calling off answers that it refunded",
    28: "a refund again changes nothing",
    29: "closed after it was refunded whole",
    30: "braces, quotes, slashes and emoji in a subject",
    31: "amounts as texts and with one decimal",
    32: "a number used before, after the store was lost",
    35: "double tap, two instances",
    36: "key rotated, disk full",
}
"""Not here: 22, 33 and 34, which are about the providers' bills."""


def claims() -> Iterator[tuple[int, str, bool]]:
    """Case, test, whether it always runs."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                continue
            runs = not any("skip" in ast.unparse(one) or "xfail" in ast.unparse(one) for one in node.decorator_list)
            for claim in CLAIM.findall(ast.get_docstring(node) or ""):
                for number in re.findall(r"\d+", claim):
                    yield int(number), f"{path.relative_to(TESTS)}::{node.name}", runs


FOUND = list(claims())


@pytest.mark.parametrize("case", CASES, ids=[f"{case}: {what}" for case, what in CASES.items()])
def test_given_a_fault_case_when_the_tests_are_read_then_one_that_runs_claims_it(case: int) -> None:
    assert any(number == case and runs for number, _, runs in FOUND)


def test_given_a_claim_when_the_tests_are_read_then_the_case_exists_and_the_test_runs() -> None:
    known = {*CASES, 22}
    assert [claim for claim in FOUND if claim[0] not in known or not claim[2]] == []
