"""The sandbox's Alipay over raw HTTP, signed here and not by our client: the life of a trade, refusals, every fault."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from drivers.sandbox.remote import ControlFailed

NUMBER = "DEMO0126112100001019F3C01AB"
SALE = {"out_trade_no": NUMBER, "total_amount": "2999.00", "subject": '电动自行车 {测试} 1/2 \\ " 😀'}
DAY_MS = 86_400_000
NOT_EXIST = ("40004", "ACQ.TRADE_NOT_EXIST")


class Caller:
    """Speaks to the gateway by the letter of Alipay's documentation."""

    def __init__(self, world: Any) -> None:
        self.world = world
        said = world.said.alipay
        self.gateway, self.app_id = said.gateway, said.app_id
        self._key: Any = load_pem_private_key(Path(said.app_private_key).read_bytes(), None)
        self._alipay: Any = load_pem_public_key(Path(said.alipay_public_key).read_bytes())

    def parameters(self, method: str, content: object, /, **changes: str | None) -> dict[str, str]:
        beijing = datetime.fromtimestamp(self.world.now_ms() / 1000, timezone(timedelta(hours=8)))
        sent = {
            "app_id": self.app_id,
            "method": f"alipay.trade.{method}",
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{beijing:%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "biz_content": content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
        } | changes
        kept = {name: value for name, value in sent.items() if value is not None}
        return kept | {"sign": self.sign(kept)}

    def sign(self, sent: dict[str, str]) -> str:
        text = "&".join(f"{name}={sent[name]}" for name in sorted(sent) if sent[name])
        return base64.b64encode(self._key.sign(text.encode(), PKCS1v15(), SHA256())).decode()

    def post(self, sent: dict[str, str], query: str = "") -> bytes:
        status, body = self.send("POST", query, urlencode(sent).encode())
        assert status == 200
        return body

    def send(self, verb: str, query: str, body: bytes | None = None) -> tuple[int, bytes]:
        parts = urlsplit(self.gateway)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
        form = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        try:
            connection.request(verb, parts.path + query, body, form if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def is_signed(self, body: bytes, method: str) -> bool:
        """By the source: everything between the node's name and the last ``,"sign":"``."""
        head = f'{{"alipay_trade_{method.replace(".", "_")}_response":'.encode()
        source, _, tail = body.removeprefix(head).rpartition(b',"sign":"')
        assert body.startswith(head)
        try:
            self._alipay.verify(base64.b64decode(tail.removesuffix(b'"}')), source, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True

    def __call__(self, method: str, content: object = None, **changes: str | None) -> dict[str, Any]:
        """The node of a signed answer."""
        body = self.post(self.parameters(method, {"out_trade_no": NUMBER} if content is None else content, **changes))
        assert self.is_signed(body, method), body
        assert b"/" not in body.rpartition(b',"sign"')[0].replace(b"\\/", b""), "slashes are escaped in the source"
        return next(iter(json.loads(body).values()))

    def refusal(self, sent: dict[str, str]) -> tuple[str, str]:
        """What the gateway says when it does not let a request in; nobody has signed that."""
        told = json.loads(self.post(sent))
        assert set(told) == {"error_response"}
        return told["error_response"]["code"], told["error_response"]["sub_code"]

    def code(self, **changes: object) -> str:
        return str(self("precreate", SALE | changes)["qr_code"])

    def paid(self, **tender: Any) -> str:
        self.world.control.pay(self.code(), **tender)
        return str(self("query")["trade_no"])

    def refund(self, amount: str = "2999.00", number: str = "R01", **more: str) -> dict[str, Any]:
        return self("refund", {"out_trade_no": NUMBER, "out_request_no": number, "refund_amount": amount} | more)

    def refunded(self, number: str = "R01") -> dict[str, Any]:
        return self("fastpay.refund.query", {"out_trade_no": NUMBER, "out_request_no": number})


@pytest.fixture
def alipay(world: Any) -> Caller:
    return Caller(world)


def error(node: dict[str, Any]) -> tuple[str, str | None]:
    return node["code"], node.get("sub_code")


def reason(pay: Callable[[], object]) -> str:
    with pytest.raises(ControlFailed) as caught:
        pay()
    return caught.value.reason


def test_given_a_code_when_nobody_has_scanned_it_then_there_is_no_trade_to_query_or_close(
    world: Any, alipay: Caller
) -> None:
    code = alipay.code()
    assert code.startswith("https://qr.alipay.com/bax")
    assert error(alipay("query")) == NOT_EXIST
    assert alipay("query")["out_trade_no"] == NUMBER
    assert error(alipay("close")) == NOT_EXIST
    assert error(alipay("refund", {"out_trade_no": NUMBER, "refund_amount": "1"})) == NOT_EXIST
    assert world.order()["state"] == "NOT_SCANNED"
    assert world.control.pay(code).channel == "alipay", "a close before the scan leaves the code alive"


def test_given_a_code_when_scanned_and_then_paid_then_the_trade_waits_and_succeeds(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    world.control.scan(code)
    waiting = alipay("query")
    assert (waiting["trade_status"], waiting["total_amount"]) == ("WAIT_BUYER_PAY", "2999.00")
    assert waiting["buyer_pay_amount"] == "0.00"
    assert "send_pay_date" not in waiting
    payment = world.control.pay(code, amount_fen=299900)
    assert (payment.channel, payment.number, payment.amount_fen) == ("alipay", NUMBER, 299900)
    paid = alipay("query")
    assert (paid["code"], paid["trade_status"], paid["subject"]) == ("10000", "TRADE_SUCCESS", SALE["subject"])
    assert (paid["total_amount"], paid["buyer_pay_amount"]) == ("2999.00", "2999.00")
    assert paid["trade_no"] == payment.provider_number == waiting["trade_no"]
    at = datetime.strptime(paid["send_pay_date"] + "+0800", "%Y-%m-%d %H:%M:%S%z")
    assert abs(at.timestamp() * 1000 - world.now_ms()) < 5_000
    assert alipay("query", {"trade_no": paid["trade_no"]})["out_trade_no"] == NUMBER


def test_given_a_coupon_when_paid_then_the_buyer_pays_less_and_the_total_stays(world: Any, alipay: Caller) -> None:
    alipay.paid(coupon_fen=1_050)
    answer = alipay("query")
    assert (answer["total_amount"], answer["buyer_pay_amount"]) == ("2999.00", "2988.50")
    assert answer["receipt_amount"] == "2999.00"
    assert world.order()["payer_total_fen"] == 298_850


def test_given_a_phone_when_it_cannot_pay_then_it_says_why_and_nothing_changes(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    pay = world.control.pay
    assert reason(lambda: pay(code, amount_fen=299_901)) == "AMOUNT_DIFFERS"
    assert reason(lambda: pay(code, coupon_fen=299_901)) == "COUPON_INVALID"
    assert reason(lambda: pay(code + "x")) == "CODE_UNKNOWN"
    assert reason(lambda: pay(code, late=True)) == "NOT_CLOSED"
    assert error(alipay("query")) == NOT_EXIST
    pay(code)
    assert reason(lambda: pay(code)) == "ALREADY_PAID"
    assert reason(lambda: world.control.scan(code)) == "ALREADY_PAID"


def test_given_a_code_with_an_end_when_time_passes_then_nobody_can_scan_it(world: Any, alipay: Caller) -> None:
    code = alipay.code(qr_code_timeout_express="3m")
    world.control.advance(179_000)
    world.control.scan(code)
    world.control.advance(2_000)
    assert world.control.pay(code).number == NUMBER, "who had scanned it in time pays"
    other = alipay.code(out_trade_no="OTHER1", qr_code_timeout_express="3m")
    world.control.advance(180_000)
    assert reason(lambda: world.control.pay(other)) == "CODE_EXPIRED"
    world.control.pay(other, late=True)
    assert alipay("query", {"out_trade_no": "OTHER1"})["trade_status"] == "TRADE_SUCCESS"
    third = alipay.code(out_trade_no="OTHER2")
    world.control.advance(2 * 3_600_000)
    assert reason(lambda: world.control.pay(third)) == "CODE_EXPIRED", "two hours when nothing is said"


@pytest.mark.parametrize("end", [{"timeout_express": "2m"}, {"time_expire": "in two minutes"}])
def test_given_a_scanned_trade_when_its_time_is_over_then_it_closes_by_itself(
    world: Any, alipay: Caller, end: dict[str, str]
) -> None:
    if "time_expire" in end:
        beijing = datetime.fromtimestamp(world.now_ms() / 1000 + 120, timezone(timedelta(hours=8)))
        end = {"time_expire": f"{beijing:%Y-%m-%d %H:%M:%S}"}
    code = alipay.code(**end)
    world.control.scan(code)
    world.control.advance(121_000)
    closed = alipay("query")
    assert closed["trade_status"] == "TRADE_CLOSED"
    assert "send_pay_date" not in closed
    assert reason(lambda: world.control.pay(code)) == "ORDER_CLOSED"
    world.control.pay(code, late=True)
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_the_same_number_when_announced_again_then_one_trade_and_no_other_data(
    world: Any, alipay: Caller
) -> None:
    first, second = alipay.code(), alipay.code()
    assert first != second
    assert error(alipay("precreate", SALE | {"total_amount": "0.01"})) == ("40004", "ACQ.CONTEXT_INCONSISTENT")
    world.control.pay(first)
    assert reason(lambda: world.control.pay(second)) == "ALREADY_PAID"
    assert error(alipay("precreate", SALE)) == ("40004", "ACQ.TRADE_HAS_SUCCESS")
    assert world.order()["creates"] == 2
    assert len(world.control.ledger()["orders"]) == 1


def test_given_an_unpaid_trade_when_closed_then_it_is_closed_for_everybody(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    world.control.scan(code)
    assert alipay("close")["out_trade_no"] == NUMBER
    closed = alipay("query")
    assert closed["trade_status"] == "TRADE_CLOSED"
    assert "send_pay_date" not in closed
    assert reason(lambda: world.control.pay(code)) == "ORDER_CLOSED"
    assert error(alipay("close")) == ("40004", "ACQ.TRADE_STATUS_ERROR")
    assert error(alipay("precreate", SALE)) == ("40004", "ACQ.TRADE_HAS_CLOSE")
    assert alipay("cancel")["action"] == "close"


def test_given_a_paid_trade_when_closed_then_it_is_refused_and_stays_paid(alipay: Caller) -> None:
    alipay.paid()
    assert error(alipay("close")) == ("40004", "ACQ.TRADE_STATUS_ERROR")
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_an_unscanned_code_when_cancelled_then_no_action_is_told_and_the_code_is_dead(
    world: Any, alipay: Caller
) -> None:
    code = alipay.code()
    for _ in range(2):
        told = alipay("cancel")
        assert (told["code"], told["retry_flag"], told["out_trade_no"]) == ("10000", "N", NUMBER)
        assert not {"action", "trade_no"} & set(told)
    assert reason(lambda: world.control.pay(code)) == "CODE_DEAD"
    assert reason(lambda: world.control.scan(code)) == "CODE_DEAD"
    assert error(alipay("query")) == NOT_EXIST
    assert error(alipay("precreate", SALE)) == ("40004", "ACQ.TRADE_HAS_CLOSE")
    assert world.order()["state"] == "CANCELLED"
    assert alipay("cancel", {"out_trade_no": "NOBODY"})["code"] == "10000", "an unknown number is no error"
    world.control.pay(code, late=True)
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_a_scanned_trade_when_cancelled_then_it_closes(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    world.control.scan(code)
    assert alipay("cancel")["action"] == "close"
    assert alipay("query")["trade_status"] == "TRADE_CLOSED"
    assert reason(lambda: world.control.pay(code)) == "ORDER_CLOSED"


def test_given_a_paid_trade_when_cancelled_then_all_of_it_goes_back_once(world: Any, alipay: Caller) -> None:
    alipay.paid()
    assert [alipay("cancel")["action"] for _ in range(2)] == ["refund", "refund"]
    closed = alipay("query")
    assert closed["trade_status"] == "TRADE_CLOSED"
    assert "send_pay_date" in closed
    (refund,) = world.control.ledger()["refunds"]
    assert (refund["channel"], refund["number"], refund["amount_fen"]) == ("alipay", NUMBER, 299_900)


def test_given_a_day_or_a_refund_since_when_cancelled_then_it_is_refused(world: Any, alipay: Caller) -> None:
    alipay.paid()
    alipay.refund("1.00")
    assert error(alipay("cancel")) == ("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR")
    world.control.pay(alipay.code(out_trade_no="OTHER"))
    world.control.advance(DAY_MS + 1_000)
    assert error(alipay("cancel", {"out_trade_no": "OTHER"})) == ("40004", "ACQ.TRADE_CANCEL_TIME_OUT")


def test_given_a_paid_trade_when_refunded_in_parts_then_sums_add_up_and_the_last_part_closes_it(
    world: Any, alipay: Caller
) -> None:
    trade_no = alipay.paid()
    first = alipay.refund("1000.50", refund_reason="退货")
    assert (first["fund_change"], first["refund_fee"], first["trade_no"]) == ("Y", "1000.50", trade_no)
    again = alipay.refund("1000.50", refund_reason="退货")
    assert (again["code"], again["fund_change"], again["refund_fee"]) == ("10000", "N", "1000.50")
    assert error(alipay.refund("1000.49", refund_reason="退货")) == ("40004", "ACQ.DISCORDANT_REPEAT_REQUEST")
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"
    assert error(alipay.refund("1998.51", "R02")) == ("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
    rest = alipay.refund("1998.5", "R02")
    assert (rest["fund_change"], rest["refund_fee"]) == ("Y", "2999.00"), "the sum of all parts"
    closed = alipay("query")
    assert (closed["trade_status"], closed["total_amount"]) == ("TRADE_CLOSED", "2999.00")
    assert "send_pay_date" in closed
    assert error(alipay.refund("0.01", "R03")) == ("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR")
    found = alipay.refunded()
    assert "gmt_refund_pay" not in found, "only on request"
    asked = {"out_trade_no": NUMBER, "out_request_no": "R01", "query_options": ["gmt_refund_pay"]}
    assert alipay("fastpay.refund.query", asked)["gmt_refund_pay"]
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "1000.50")
    listed = world.control.ledger()["refunds"]
    assert [(r["amount_fen"], r["requests"], r["state"]) for r in listed] == [
        (100_050, 2, "REFUND_SUCCESS"),
        (199_850, 1, "REFUND_SUCCESS"),
    ]


def test_given_no_refund_when_asked_for_then_10000_proves_nothing(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    assert error(alipay.refunded()) == NOT_EXIST
    world.control.scan(code)
    assert error(alipay.refund()) == ("40004", "ACQ.TRADE_STATUS_ERROR")
    world.control.pay(code)
    told = alipay.refunded("R09")
    assert told["code"] == "10000"
    assert not {"refund_status", "refund_amount"} & set(told)


def test_given_a_refund_without_a_number_when_it_is_a_part_then_it_is_refused(alipay: Caller) -> None:
    alipay.paid()
    assert error(alipay("refund", {"out_trade_no": NUMBER, "refund_amount": "1.00"})) == (
        "40004",
        "ACQ.INVALID_PARAMETER",
    )
    assert alipay("refund", {"out_trade_no": NUMBER, "refund_amount": "2999.00"})["fund_change"] == "Y"


def test_given_a_year_since_payment_when_asked_then_finished_and_no_refund_any_more(world: Any, alipay: Caller) -> None:
    alipay.paid()
    world.control.advance(365 * DAY_MS)
    assert alipay("query")["trade_status"] == "TRADE_FINISHED"
    assert error(alipay.refund()) == ("40004", "ACQ.TRADE_HAS_FINISHED")


@pytest.mark.parametrize(
    "spoil",
    [
        {"out_trade_no": ""},
        {"out_trade_no": "with-hyphen"},
        {"out_trade_no": "X" * 65},
        {"total_amount": "0.00"},
        {"total_amount": "1.005"},
        {"total_amount": "-1"},
        {"total_amount": True},
        {"total_amount": None},
        {"subject": ""},
        {"subject": "长" * 257},
        {"timeout_express": "0m"},
        {"timeout_express": "16d"},
        {"qr_code_timeout_express": "1.5h"},
        {"time_expire": "2026-11-21T10:00:00+08:00"},
    ],
)
def test_given_a_malformed_content_when_announced_then_a_signed_refusal(
    world: Any, alipay: Caller, spoil: dict[str, object]
) -> None:
    assert error(alipay("precreate", SALE | spoil)) == ("40004", "ACQ.INVALID_PARAMETER")
    assert world.control.ledger()["orders"] == []


@pytest.mark.parametrize(
    ("change", "sub_code"),
    [
        ({"app_id": "2021000000000000"}, "isv.invalid-app-id"),
        ({"app_id": None}, "isv.missing-app-id"),
        ({"method": None}, "isv.missing-method"),
        ({"method": "alipay.trade.pay"}, "isv.insufficient-isv-permissions"),
        ({"method": "trade.query"}, "isv.invalid-method"),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
        ({"charset": "gbk"}, "isv.invalid-charset"),
        ({"version": "2.0"}, "isv.invalid-version"),
        ({"format": "XML"}, "isv.invalid-format"),
        ({"timestamp": None}, "isv.missing-timestamp"),
        ({"timestamp": "yesterday"}, "isv.invalid-timestamp"),
        ({"biz_content": "no json"}, "isv.invalid-parameter"),
        ({"biz_content": "[]"}, "isv.invalid-parameter"),
        ({"biz_content": ""}, "isv.missing-biz-content"),
    ],
)
def test_given_a_request_that_is_not_in_order_when_sent_then_the_gateway_refuses_it_unsigned(
    world: Any, alipay: Caller, change: dict[str, str | None], sub_code: str
) -> None:
    assert alipay.refusal(alipay.parameters("precreate", SALE, **change))[1] == sub_code
    assert world.control.ledger()["orders"] == []


@pytest.mark.parametrize("hours", [-8, 8, 1, -24])
def test_given_another_time_than_beijings_when_sent_then_it_is_refused(world: Any, alipay: Caller, hours: int) -> None:
    other = datetime.fromtimestamp(world.now_ms() / 1000, timezone(timedelta(hours=8 + hours)))
    sent = alipay.parameters("query", {"out_trade_no": NUMBER}, timestamp=f"{other:%Y-%m-%d %H:%M:%S}")
    assert alipay.refusal(sent) == ("40002", "isv.invalid-timestamp")


def test_given_a_parameter_changed_after_signing_when_sent_then_it_is_refused(world: Any, alipay: Caller) -> None:
    good = alipay.parameters("precreate", SALE, notify_url="https://pay.example.com/n?a=1&b=/")
    for name in set(good) - {"sign", "app_id", "method", "sign_type", "charset", "version", "format"}:
        spoiled = good | {name: good[name].replace("1", "2")}
        assert spoiled != good, name
        assert alipay.refusal(spoiled) == ("40002", "isv.invalid-signature"), name
    assert alipay.refusal(good | {"extra": "1"}) == ("40002", "isv.invalid-signature")
    assert alipay.refusal(good | {"sign": "AAAA"}) == ("40002", "isv.invalid-signature")
    without = {name: value for name, value in good.items() if name not in ("sign", "sign_type")}
    assert alipay.refusal(without | {"sign_type": "RSA2", "sign": alipay.sign(without)})[1] == "isv.invalid-signature"
    assert json.loads(alipay.post(good | {"empty": ""}))["alipay_trade_precreate_response"]["code"] == "10000"


def test_given_a_parameter_sent_twice_when_read_then_it_is_refused(alipay: Caller) -> None:
    sent = alipay.parameters("query", {"out_trade_no": NUMBER})
    told = json.loads(alipay.post(sent, f"?{urlencode({'biz_content': '{}'})}"))
    assert told["error_response"]["sub_code"] == "isv.invalid-parameter"


def test_given_parameters_in_the_address_when_sent_then_they_count_like_those_in_the_form(alipay: Caller) -> None:
    sent = alipay.parameters("precreate", SALE)
    system = {name: value for name, value in sent.items() if name != "biz_content"}
    body = alipay.post({"biz_content": sent["biz_content"]}, f"?{urlencode(system)}")
    assert json.loads(body)["alipay_trade_precreate_response"]["code"] == "10000"
    status, body = alipay.send("GET", f"?{urlencode(alipay.parameters('query', {'out_trade_no': NUMBER}))}")
    assert (status, alipay.is_signed(body, "query")) == (200, True)


@pytest.mark.parametrize("kind", ["timeout", "http500", "html502", "http429"])
def test_given_a_fault_before_execution_when_announced_then_nothing_exists(
    world: Any, alipay: Caller, kind: str
) -> None:
    world.control.fault("alipay", kind, "create", times=1)
    sent = urlencode(alipay.parameters("precreate", SALE)).encode()
    if kind == "timeout":
        with pytest.raises((http.client.HTTPException, OSError)):
            alipay.send("POST", "", sent)
    else:
        status, body = alipay.send("POST", "", sent)
        assert status == int(kind[-3:])
        assert b'"sign"' not in body
    assert world.control.ledger()["orders"] == []
    alipay.code()


def test_given_the_answer_is_lost_when_announced_or_refunded_then_it_was_done_once(world: Any, alipay: Caller) -> None:
    world.control.fault("alipay", "drop_after_commit", "precreate", times=1)
    with pytest.raises((http.client.HTTPException, OSError)):
        alipay.code()
    alipay.paid()
    assert world.order()["creates"] == 2
    world.control.fault("alipay", "drop_after_commit", "refund", times=1)
    with pytest.raises((http.client.HTTPException, OSError)):
        alipay.refund()
    assert alipay.refund()["fund_change"] == "N"
    assert alipay.refunded()["refund_status"] == "REFUND_SUCCESS"


def test_given_bad_signatures_when_called_then_executed_and_signed_wrongly(world: Any, alipay: Caller) -> None:
    world.control.fault("alipay", "bad_signature")
    body = alipay.post(alipay.parameters("precreate", SALE))
    assert not alipay.is_signed(body, "precreate")
    world.control.heal("alipay")
    world.control.pay(json.loads(body)["alipay_trade_precreate_response"]["qr_code"])


def test_given_queries_lag_when_paid_then_the_past_is_told_until_healed(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    world.control.fault("alipay", "lag")
    world.control.pay(code)
    assert error(alipay("query")) == NOT_EXIST
    world.control.advance(14_000)
    assert error(alipay("query")) == NOT_EXIST
    world.control.advance(2_000)
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_signed_answers_that_settle_nothing_when_told_then_nothing_was_done(world: Any, alipay: Caller) -> None:
    world.control.fault("alipay", "unavailable", "precreate", times=1)
    assert alipay("precreate", SALE)["code"] == "20000"
    assert world.control.ledger()["orders"] == []
    code = alipay.code()
    world.control.fault("alipay", "retry_flag", times=1)
    assert error(alipay("query")) == NOT_EXIST, "only cancel is concerned"
    told = alipay("cancel")
    assert (told["code"], told["retry_flag"]) == ("10000", "Y")
    world.control.pay(code)


def test_given_another_total_when_queried_then_it_is_signed_and_one_fen_off(world: Any, alipay: Caller) -> None:
    alipay.paid()
    world.control.fault("alipay", "other_total")
    assert alipay("query")["total_amount"] == "2998.99"
    world.control.heal("alipay")
    assert alipay("query")["total_amount"] == "2999.00"


def test_given_a_replay_when_queried_then_the_latest_good_answer_comes_again(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    before = alipay("query")
    assert alipay.refusal(alipay.parameters("query", "{}", timestamp="?"))[0] == "40002", "unsigned, so never replayed"
    world.control.pay(code)
    world.control.fault("alipay", "replay", "query")
    assert alipay("query") == before
    assert alipay("query", {"out_trade_no": "OTHER"}) == before
    world.control.heal("alipay")
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_half_an_answer_when_read_then_it_is_no_json_but_was_executed(world: Any, alipay: Caller) -> None:
    world.control.fault("alipay", "truncated", times=1)
    with pytest.raises(ValueError):
        json.loads(alipay.post(alipay.parameters("precreate", SALE)))
    assert world.order()["creates"] == 1


def test_given_trouble_with_refunds_when_asked_then_each_says_so_and_ends_when_healed(
    world: Any, alipay: Caller
) -> None:
    alipay.paid()
    world.control.fault("alipay", "not_enough")
    assert error(alipay.refund()) == ("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    assert error(alipay("cancel")) == ("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    world.control.fault("alipay", "abnormal")
    assert error(alipay.refund()) == ("40004", "ACQ.TRADE_NOT_ALLOW_REFUND")
    assert world.control.ledger()["refunds"] == []
    world.control.fault("alipay", "processing")
    assert alipay.refund("1.00")["fund_change"] == "N"
    assert "refund_status" not in alipay.refunded()
    assert world.control.ledger()["refunds"][0]["state"] == "REFUND_PROCESSING"
    world.control.heal("alipay")
    assert alipay.refunded()["refund_status"] == "REFUND_SUCCESS"
    assert alipay.refund("1.00")["fund_change"] == "N"


def test_given_the_network_is_down_when_called_then_no_answer_while_the_phone_still_pays(
    world: Any, alipay: Caller
) -> None:
    code = alipay.code()
    world.control.fault("network", "down")
    with pytest.raises((http.client.HTTPException, OSError)):
        alipay("query")
    world.control.pay(code)
    world.control.heal("network")
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_a_restart_when_asked_then_trades_codes_and_keys_are_the_same(world: Any, alipay: Caller) -> None:
    code = alipay.code()
    world.control.scan(code)
    before = world.control.ledger()
    world.restart()
    assert world.sandbox.announcement() == world.said
    assert world.control.ledger() == before
    world.control.pay(code)
    assert alipay("query")["trade_status"] == "TRADE_SUCCESS"


def test_given_many_phones_at_once_when_they_pay_one_code_then_one_pays(world: Any, alipay: Caller) -> None:
    code = alipay.code()

    def pay(_: int) -> str:
        try:
            return str(world.control.pay(code).number)
        except ControlFailed as refusal:
            return refusal.reason

    with ThreadPoolExecutor(16) as phones:
        outcomes = sorted(phones.map(pay, range(32)))
    assert outcomes == ["ALREADY_PAID"] * 31 + [NUMBER]


async def test_given_both_channels_when_listed_then_the_ledger_is_one_and_in_order(
    world: Any, alipay: Caller, wechat: Any
) -> None:
    before = await wechat.create(wechat.serialise(world.intent("WECHAT1")))
    code = alipay.code()
    await wechat.create(wechat.serialise(world.intent("WECHAT2")))
    assert world.control.pay(before).channel == "wechat"
    assert world.control.pay(code).channel == "alipay"
    orders = world.control.ledger()["orders"]
    assert [(row["channel"], row["number"]) for row in orders] == [
        ("wechat", "WECHAT1"),
        ("alipay", NUMBER),
        ("wechat", "WECHAT2"),
    ]
    shared = {"number", "state", "amount_fen", "payer_total_fen", "code", "creates", "paid_at_ms", "provider_number"}
    assert all(shared <= set(row) for row in orders)


def test_given_another_applications_key_when_sent_then_it_is_refused(alipay: Caller) -> None:
    alipay._key = load_pem_private_key((alipay.world.directory / "alipay_platform_key.pem").read_bytes(), None)
    sent = alipay.parameters("query", {"out_trade_no": NUMBER})
    assert alipay.refusal(sent) == ("40002", "isv.invalid-signature")
