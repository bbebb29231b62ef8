"""The sandbox's WeChat Pay over raw HTTP: a service provider acting for a merchant, and answers gone wrong."""

from __future__ import annotations

import base64
import http.client
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

NUMBER = "DEMO0126112100001019F3C01AB"
DIRECT = "/v3/pay/transactions"
PARTNER = "/v3/pay/partner/transactions"
REFUNDS = "/v3/refund/domestic/refunds"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes
    signed: bool

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.body["code"]


class Caller:
    """Speaks to the gateway by the letter of WeChat Pay's documentation, as the merchant or for its sub-merchant."""

    def __init__(self, world: Any) -> None:
        self.world, self.said = world, world.said.wechat
        self._key: Any = load_pem_private_key(Path(self.said.private_key).read_bytes(), None)
        self._platform: Any = load_pem_public_key(Path(self.said.public_key).read_bytes())
        self.sub = {"sub_mchid": self.said.sub_mchid}
        self.party = {"sp_mchid": self.said.mchid} | self.sub
        self.asked = f"sp_mchid={self.said.mchid}&sub_mchid={self.said.sub_mchid}"

    def __call__(self, method: str, target: str, body: object = None) -> Answer:
        sent = b"" if body is None else json.dumps(body).encode()
        stamp, nonce = str(self.world.now_ms() // 1000), uuid.uuid4().hex
        message = f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + sent + b"\n"
        signature = base64.b64encode(self._key.sign(message, PKCS1v15(), SHA256())).decode()
        fields = {
            "mchid": self.said.mchid,
            "nonce_str": nonce,
            "signature": signature,
            "timestamp": stamp,
            "serial_no": self.said.serial_no,
        }
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.said.public_key_id,
            "Authorization": "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{k}="{v}"' for k, v in fields.items()),
        }
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.said.base_url).port, timeout=10)
        try:
            connection.request(method, target, sent or None, headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, raw, self._is_signed(told, raw))

    def _is_signed(self, headers: Mapping[str, str], raw: bytes) -> bool:
        stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        try:
            signature = base64.b64decode(headers.get("wechatpay-signature", ""))
            self._platform.verify(signature, f"{stamp}\n{nonce}\n".encode() + raw + b"\n", PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return headers["wechatpay-serial"] == self.said.public_key_id

    def order(self, *, partner: bool, **changes: object) -> dict[str, object]:
        parties: dict[str, object] = (
            {"sp_appid": self.said.appid} | self.party
            if partner
            else {"appid": self.said.appid, "mchid": self.said.mchid}
        )
        return {
            **parties,
            "description": "电动自行车",
            "out_trade_no": NUMBER,
            "notify_url": "https://pay.example.com/notify",
            "amount": {"total": 299900, "currency": "CNY"},
            **changes,
        }

    def placed(self, *, partner: bool = False) -> str:
        path = PARTNER if partner else DIRECT
        return str(self("POST", f"{path}/native", self.order(partner=partner)).body["code_url"])

    def query(self) -> Answer:
        return self("GET", f"{DIRECT}/out-trade-no/{NUMBER}?mchid={self.said.mchid}")

    def refund(self, number: str = "R01", **more: object) -> Answer:
        amount = {"refund": 100, "total": 299900, "currency": "CNY"}
        return self("POST", REFUNDS, {"out_trade_no": NUMBER, "out_refund_no": number, "amount": amount, **more})

    def refunded(self, number: str = "R01") -> Answer:
        return self("GET", f"{REFUNDS}/{number}")


@pytest.fixture
def call(world: Any) -> Caller:
    return Caller(world)


def test_given_a_sub_merchant_when_its_order_is_placed_and_paid_then_the_answer_names_all_parties(
    world: Any, call: Caller
) -> None:
    placed = call("POST", f"{PARTNER}/native", call.order(partner=True, sub_appid="wxsub0000000000001"))
    assert (placed.status, placed.signed) == (200, True)
    world.control.pay(placed.body["code_url"], amount_fen=299900)
    found = call("GET", f"{PARTNER}/out-trade-no/{NUMBER}?{call.asked}")
    assert found.signed
    assert found.body["trade_state"] == "SUCCESS"
    assert {
        "sp_appid": call.said.appid,
        "sp_mchid": call.said.mchid,
        "sub_mchid": call.said.sub_mchid,
        "sub_appid": "wxsub0000000000001",
    }.items() <= found.body.items()
    assert not {"appid", "mchid"} & set(found.body)
    assert "sp_openid" in found.body["payer"]
    assert world.order()["sub_mchid"] == call.said.sub_mchid


def test_given_a_sub_merchants_order_when_closed_then_only_by_its_parties(world: Any, call: Caller) -> None:
    code = call.placed(partner=True)
    target = f"{PARTNER}/out-trade-no/{NUMBER}/close"
    assert call("POST", target, {"mchid": call.said.mchid}).error == (400, "PARAM_ERROR")
    assert call("POST", target, {"sp_mchid": call.said.mchid, "sub_mchid": "1"}).error == (400, "PARAM_ERROR")
    direct = call("POST", f"{DIRECT}/out-trade-no/{NUMBER}/close", {"mchid": call.said.mchid})
    assert direct.error == (404, "ORDER_NOT_EXIST")
    world.control.scan(code)
    closed = call("POST", target, call.party)
    assert (closed.status, closed.raw, closed.signed) == (204, b"", True)


def test_given_an_order_of_one_party_when_the_other_asks_then_it_does_not_exist(world: Any, call: Caller) -> None:
    call.placed(partner=True)
    assert call.query().error == (404, "ORDER_NOT_EXIST")
    for asked in (f"sp_mchid={call.said.mchid}", f"sp_mchid={call.said.mchid}&sub_mchid=1", "sub_mchid=1999000002"):
        assert call("GET", f"{PARTNER}/out-trade-no/{NUMBER}?{asked}").error == (404, "ORDER_NOT_EXIST")
    assert call("POST", f"{DIRECT}/native", call.order(partner=False)).error == (400, "INVALID_REQUEST")
    assert world.order()["creates"] == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"sub_mchid": "1999000009"}, (403, "NO_AUTH")),
        ({"sub_mchid": ""}, (400, "PARAM_ERROR")),
        ({"sp_mchid": "1999000002"}, (400, "PARAM_ERROR")),
        ({"sp_appid": "wxother"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"sub_appid": 7}, (400, "PARAM_ERROR")),
    ],
)
def test_given_other_parties_when_an_order_is_placed_then_it_is_refused(
    world: Any, call: Caller, change: dict[str, object], error: tuple[int, str]
) -> None:
    assert call("POST", f"{PARTNER}/native", call.order(partner=True, **change)).error == error
    assert world.control.ledger()["orders"] == []


def test_given_a_sub_merchants_order_when_refunded_then_only_in_its_name(world: Any, call: Caller) -> None:
    world.control.pay(call.placed(partner=True))
    assert call.refund().error == (404, "RESOURCE_NOT_EXISTS")
    assert call.refund(**call.sub).body["status"] == "PROCESSING"
    assert call.refunded().error == (404, "RESOURCE_NOT_EXISTS")
    found = call("GET", f"{REFUNDS}/R01?sub_mchid={call.said.sub_mchid}")
    assert (found.signed, found.body["out_trade_no"]) == (True, NUMBER)


@pytest.mark.parametrize(
    ("kind", "status", "signed"), [("status202", 202, True), ("http429", 429, False), ("html502", 502, False)]
)
def test_given_an_answer_that_is_no_success_when_called_then_nothing_was_executed(
    world: Any, call: Caller, kind: str, status: int, signed: bool
) -> None:
    world.control.fault("wechat", kind, "create", times=1)
    told = call("POST", f"{DIRECT}/native", call.order(partner=False))
    assert (told.status, told.signed) == (status, signed)
    assert world.control.ledger()["orders"] == []
    code = call.placed()
    world.control.fault("wechat", kind, "close", times=1)
    assert call("POST", f"{DIRECT}/out-trade-no/{NUMBER}/close", {"mchid": call.said.mchid}).status == status
    world.control.pay(code)


def test_given_half_an_answer_when_read_then_it_is_neither_json_nor_signed_but_was_executed(
    world: Any, call: Caller
) -> None:
    world.control.fault("wechat", "truncated", times=1)
    told = call("POST", f"{DIRECT}/native", call.order(partner=False))
    assert (told.status, told.signed) == (200, False)
    with pytest.raises(ValueError):
        json.loads(told.raw)
    assert world.order()["creates"] == 1


def test_given_an_unknown_key_when_answered_then_the_answer_names_it(world: Any, call: Caller) -> None:
    call.placed()
    world.control.fault("wechat", "unknown_serial")
    told = call.query()
    assert not told.signed
    assert told.headers["wechatpay-serial"].startswith("PUB_KEY_ID_")
    assert told.headers["wechatpay-serial"] != call.said.public_key_id
    assert told.body["trade_state"] == "NOTPAY"


def test_given_a_replay_when_queried_then_the_latest_signed_answer_comes_again_to_the_letter(
    world: Any, call: Caller
) -> None:
    code = call.placed()
    before = call.query()
    world.control.pay(code)
    world.control.fault("wechat", "replay", "query")
    again = call.query()
    signature = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature")
    assert again.raw == before.raw
    assert [again.headers[name] for name in signature] == [before.headers[name] for name in signature]
    world.control.heal("wechat")
    assert call.query().body["trade_state"] == "SUCCESS"


def test_given_another_total_when_queried_then_it_is_signed_and_one_fen_off(world: Any, call: Caller) -> None:
    world.control.pay(call.placed())
    world.control.fault("wechat", "other_total")
    told = call.query()
    assert (told.signed, told.body["amount"]["total"]) == (True, 299_899)
    assert world.order()["amount_fen"] == 299_900
    world.control.heal("wechat")
    assert call.query().body["amount"]["total"] == 299_900


def test_given_no_balance_when_refunded_then_it_is_refused_until_healed_and_an_earlier_refund_stays(
    world: Any, call: Caller
) -> None:
    world.control.pay(call.placed())
    call.refund("R01")
    world.control.fault("wechat", "not_enough")
    assert call.refund("R02").error == (403, "NOT_ENOUGH")
    assert call.refund("R01").status == 200, "it was accepted before"
    assert call.query().status == 200, "only refunds are concerned"
    assert len(world.control.ledger()["refunds"]) == 1
    world.control.heal("wechat")
    assert call.refund("R02").status == 200


@pytest.mark.parametrize(("kind", "state"), [("processing", "PROCESSING"), ("abnormal", "ABNORMAL")])
def test_given_a_refund_in_trouble_when_days_pass_then_it_stays_so_until_healed(
    world: Any, call: Caller, kind: str, state: str
) -> None:
    world.control.pay(call.placed())
    world.control.fault("wechat", kind)
    assert call.refund().body["status"] == "PROCESSING"
    world.control.advance(3 * 86_400_000)
    told = call.refunded()
    assert (told.signed, told.body["status"]) == (True, state)
    assert "success_time" not in told.body
    assert world.control.ledger()["refunds"][0]["state"] == state
    world.control.heal("wechat")
    assert call.refunded().body["status"] == "SUCCESS"


def test_given_a_fault_for_a_number_of_requests_when_others_pass_then_they_are_not_counted(
    world: Any, call: Caller
) -> None:
    world.control.pay(call.placed())
    world.control.fault("wechat", "not_enough", times=1)
    for _ in range(3):
        assert call.query().status == 200
    assert call.refund().error == (403, "NOT_ENOUGH")
    assert call.refund().status == 200
