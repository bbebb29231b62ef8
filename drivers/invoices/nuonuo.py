"""Nuonuo open platform (诺税通, methods ``nuonuo.OpeMplatform.*``): fully digital e-invoices (数电票).

Protocol: Nuonuo open platform documentation of ``requestBillingNew``, ``queryInvoiceResult`` and ``reInvoice``.
``E0000`` on an issue means accepted, not issued. Answers are not signed: they are believed because of TLS, and only
what the query says counts. The order number is the idempotency key (``E9106`` on a repeat).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from urllib.parse import urlencode, urljoin, urlsplit

from drivers.invoices.base import (
    Accepted,
    FileFormat,
    InvoiceAnswer,
    InvoiceDuplicate,
    InvoiceLine,
    InvoiceMisconfigured,
    InvoiceProvider,
    InvoiceRefused,
    InvoiceRequest,
    InvoiceStatus,
    InvoiceUnknown,
    InvoiceUnreachable,
    TokenCache,
)
from drivers.invoices.nuonuo_signature import SERVICE_PATH, nuonuo_signature
from drivers.invoices.nuonuo_token import TokenSource
from drivers.wire import NoAnswer, NotConnected, Wire, WireAnswer, checked_url, clean_text, is_loopback

BEIJING = timezone(timedelta(hours=8))
PREFIX = "nuonuo.OpeMplatform."
FILE_LIMIT = 10 << 20
REDIRECTS = 3
ORDER_NO = re.compile(r"[0-9A-Z]{1,20}")
TAX_CODE = re.compile(r"[0-9]{19}")
TAX_TOLERANCE_FEN = 6

STATUS: Mapping[str, InvoiceStatus] = {
    "2": InvoiceStatus.ISSUED,
    "20": InvoiceStatus.PENDING,
    "21": InvoiceStatus.PENDING,
    "22": InvoiceStatus.FAILED,
    "24": InvoiceStatus.SIGN_FAILED,
    "3": InvoiceStatus.VOID,
}
FILE_FIELDS = {FileFormat.PDF: "pdfUrl", FileFormat.OFD: "ofdUrl", FileFormat.XML: "xmlUrl"}
FILE_HEADS = {FileFormat.PDF: b"%PDF-", FileFormat.OFD: b"PK\x03\x04", FileFormat.XML: b"<"}
DUPLICATE = "E9106"
UNKNOWN_INVOICE = "E9500"
TOKEN_CODES = frozenset({"070301", "070401"})
# Business codes that somebody can put right without changing the request: company not registered there, tax number
# not this account's, no permission, retries of the day used up.
CURABLE = frozenset({"E9301", "E9302", "E9338", "E9613"})


@dataclass(frozen=True, slots=True)
class NuonuoSettings:
    """What a shop has from Nuonuo.

    clerk: the name tied to the tax bureau login of the digital account. extension: number of the digital "extension",
    or empty. seller_phone, seller_address: empty when they are configured at Nuonuo. file_hosts: domains from which
    documents may be fetched, sub-domains included; the host of ``base_url`` always may.
    """

    base_url: str
    token_url: str
    app_key: str
    app_secret: str = field(repr=False)
    tax_number: str
    clerk: str
    extension: str = ""
    seller_phone: str = ""
    seller_address: str = ""
    file_hosts: tuple[str, ...] = ("jss.com.cn", "nuonuo.com", "nntest.cn")


class Nuonuo(InvoiceProvider):
    """One application, one seller. ``tokens`` must outlive the process; see `drivers.invoices.nuonuo_token`."""

    provider = "nuonuo"
    formats = frozenset(FileFormat)

    def __init__(self, settings: NuonuoSettings, tokens: TokenCache, now_ms: Callable[[], int]) -> None:
        """Raises InvoiceMisconfigured for addresses that cannot be used or missing settings."""
        try:
            self._url = checked_url(settings.base_url, "the address of Nuonuo")
            token_url = checked_url(settings.token_url, "the token address of Nuonuo")
        except ValueError as error:
            raise InvoiceMisconfigured(str(error)) from error
        if urlsplit(self._url).path != SERVICE_PATH:
            raise InvoiceMisconfigured(f"the address of Nuonuo must end in {SERVICE_PATH}")
        if not (settings.app_key and settings.app_secret and settings.tax_number and settings.clerk):
            raise InvoiceMisconfigured("application key, secret, tax number and clerk of Nuonuo are all needed")
        self._settings = settings
        self._now_ms = now_ms
        self._wire = Wire()
        self._tokens = TokenSource(token_url, settings.app_key, settings.app_secret, tokens, self._wire, now_ms)

    def serialise(self, request: InvoiceRequest) -> bytes:
        """The body of ``requestBillingNew``: a blue general e-invoice (``pc``), tax-inclusive prices, no delivery."""
        if not ORDER_NO.fullmatch(request.order_no):
            raise ValueError(f"{request.order_no!r} is not an invoice order number")
        if not request.lines:
            raise ValueError("an invoice needs at least one line")
        at = datetime.fromtimestamp(request.ordered_at_ms // 1000, BEIJING)
        order: dict[str, object] = {
            "orderNo": request.order_no,
            "invoiceDate": at.strftime("%Y-%m-%d %H:%M:%S"),
            "invoiceType": "1",
            "invoiceLine": "pc",
            "clerk": clean_text(self._settings.clerk, 20),
            "extensionNumber": self._settings.extension,
            "salerTaxNum": self._settings.tax_number,
            "salerTel": clean_text(self._settings.seller_phone, 20),
            "salerAddress": clean_text(self._settings.seller_address, 80),
            "buyerName": _needed(request.title, 100, "the buyer's name"),
            "buyerTaxNum": clean_text(request.tax_number, 20),
            "naturalPersonFlag": "1" if request.natural_person else "0",
            "remark": clean_text(request.remark, 200),
            "pushMode": "-1",
            "invoiceDetail": [_line(line) for line in request.lines],
        }
        return _json_bytes({"order": {key: value for key, value in order.items() if value != ""}})

    async def issue(self, body: bytes) -> Accepted:
        """Hand in. A duplicate order number is InvoiceDuplicate: then only `query` tells what exists."""
        envelope, raw = await self._call("requestBillingNew", body)
        result = envelope.get("result")
        serial = clean_text(cast("dict[str, Any]", result).get("invoiceSerialNum"), 64) if _is_map(result) else ""
        if not serial:
            raise InvoiceUnknown("accepted without a serial number")
        return Accepted(serial, raw)

    async def query(self, order_no: str) -> InvoiceAnswer:
        """The invoice by our order number; ``E9500`` is NOT_FOUND."""
        try:
            envelope, raw = await self._call(
                "queryInvoiceResult", _json_bytes({"orderNos": [order_no], "isOfferInvoiceDetail": "0"})
            )
        except _NoInvoice as error:
            return InvoiceAnswer(InvoiceStatus.NOT_FOUND, order_no, "", "", None, None, None, {}, "", error.raw)
        result = envelope.get("result")
        rows = (
            [cast("dict[str, Any]", row) for row in cast("list[object]", result) if _is_map(row)]
            if (isinstance(result, list))
            else []
        )
        mine = [row for row in rows if row.get("orderNo") in (order_no, None)]
        if len(mine) != 1:
            raise InvoiceUnknown("the answer is not about this invoice")
        return _answer(mine[0], order_no, raw)

    async def retry(self, order_no: str, provider_serial: str) -> None:
        """``reInvoice``: at most 20 times a day for one invoice (``E9613``)."""
        await self._call("reInvoice", _json_bytes({"fpqqlsh": provider_serial, "orderno": order_no}))

    async def fetch(self, url: str, expected: FileFormat | None = None) -> bytes:
        """A plain GET without credentials, from the known hosts only, at most 10 MB, at most 3 redirects."""
        answer = await self._get_file(url, REDIRECTS)
        if answer.status != 200 or not answer.body:
            raise InvoiceUnreachable(f"the document is not there (status {answer.status})")
        if expected is not None and not answer.body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(FILE_HEADS[expected]):
            raise InvoiceRefused("FILE", f"the document is not a {expected.value} file", permanent=False)
        return answer.body

    async def aclose(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def _get_file(self, url: str, redirects: int) -> WireAnswer:
        self._check_file_address(url)
        try:
            answer = await self._wire.send("GET", url, {"Accept": "*/*"}, limit=FILE_LIMIT)
        except (NotConnected, NoAnswer) as error:
            raise InvoiceUnreachable(str(error)) from error
        if answer.status in (301, 302, 303, 307, 308) and redirects > 0:
            return await self._get_file(urljoin(url, answer.headers.get("location", "")), redirects - 1)
        return answer

    def _check_file_address(self, url: str) -> None:
        try:
            checked_url(url, "the document's address")
        except ValueError as error:
            raise InvoiceRefused("FILE", str(error)) from error
        host = (urlsplit(url).hostname or "").lower()
        own = urlsplit(self._url).hostname
        if host == own or (is_loopback(host) and is_loopback(own)):
            return
        if not any(host == known or host.endswith(f".{known}") for known in self._settings.file_hosts):
            raise InvoiceRefused("FILE", f"documents are not fetched from {clean_text(host, 60)}")

    async def _call(self, method: str, body: bytes) -> tuple[dict[str, Any], bytes]:
        """One signed attempt; returns the E0000 envelope. The bytes signed are the bytes sent."""
        token = await self._tokens.get()
        senid = secrets.token_hex(16)
        nonce = str(10_000_000 + secrets.randbelow(90_000_000))
        stamp = str(self._now_ms() // 1000)
        key = self._settings.app_key
        query = urlencode({"senid": senid, "nonce": nonce, "timestamp": stamp, "appkey": key})
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Nuonuo-Sign": nuonuo_signature(self._settings.app_secret, key, senid, nonce, stamp, body),
            "accessToken": token,
            "userTax": self._settings.tax_number,
            "method": PREFIX + method,
            "sdkVer": "2.0.0",
        }
        try:
            answer = await self._wire.send("POST", f"{self._url}?{query}", headers, body)
        except NotConnected as error:
            raise InvoiceUnreachable(str(error)) from error
        except NoAnswer as error:
            raise InvoiceUnknown(str(error)) from error
        if answer.status != 200:
            raise InvoiceUnknown(f"status {answer.status}")
        try:
            value: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        if not _is_map(value):
            raise InvoiceUnknown("the answer cannot be read")
        envelope = cast("dict[str, Any]", value)
        code = clean_text(str(envelope.get("code", "")), 32)
        if code == "E0000":
            return envelope, answer.body
        if code in TOKEN_CODES:
            self._tokens.reject(token)
        if code == UNKNOWN_INVOICE:
            raise _NoInvoice(clean_text(envelope.get("describe"), 120), answer.body)
        raise _refusal(code, clean_text(envelope.get("describe"), 120))


class _NoInvoice(InvoiceRefused):
    """``E9500``; carries the answer, because for a query it is one."""

    def __init__(self, message: str, raw: bytes) -> None:
        super().__init__(UNKNOWN_INVOICE, message)
        self.raw = raw


def _refusal(code: str, message: str) -> InvoiceRefused | InvoiceUnknown:
    """Business codes (E....) and gateway codes (07....) mean not executed; anything else leaves it open."""
    if code == DUPLICATE:
        return InvoiceDuplicate(code, message)
    if re.fullmatch(r"E[0-8]\d{3}|E9[0-8]\d{2}", code):
        return InvoiceRefused(code, message, permanent=code not in CURABLE)
    if re.fullmatch(r"07\d{4}", code):
        return InvoiceRefused(code, message, permanent=False)
    return InvoiceUnknown(f"{code}: {message}")


def _line(line: InvoiceLine) -> dict[str, str]:
    if line.net_fen + line.tax_fen != line.gross_fen:
        raise ValueError("net and tax of a line do not add up")
    if line.gross_fen <= 0 or line.quantity < 1 or not 0 <= line.rate_bp < 10_000:
        raise ValueError("a line needs a positive amount and quantity, and a rate below 100 %")
    if abs(line.tax_fen * 10_000 - line.net_fen * line.rate_bp) > TAX_TOLERANCE_FEN * 10_000:
        raise ValueError("the tax of a line does not fit its rate")
    if line.tax_code and not TAX_CODE.fullmatch(line.tax_code):
        raise ValueError(f"{line.tax_code!r} is not a 19-digit goods code")
    price = (Decimal(line.gross_fen) / 100 / line.quantity).quantize(Decimal("0.00000001"))
    fields = {
        "goodsName": _needed(line.name, 90, "the name of a line"),
        "goodsCode": line.tax_code,
        "withTaxFlag": "1",
        "taxRate": _plain(Decimal(line.rate_bp) / 10_000),
        "num": str(line.quantity),
        "price": _plain(price),
        "unit": clean_text(line.unit, 20),
        "specType": clean_text(line.spec, 40),
        "taxIncludedAmount": _yuan(line.gross_fen),
        "taxExcludedAmount": _yuan(line.net_fen),
        "tax": _yuan(line.tax_fen),
        "invoiceLineProperty": "0",
    }
    return {key: value for key, value in fields.items() if value != ""}


def _answer(row: Mapping[str, Any], order_no: str, raw: bytes) -> InvoiceAnswer:
    fiscal = _first(row, ("allElectronicInvoiceNumber", "invoiceNo"))
    status = STATUS.get(_sent(row, "status"), InvoiceStatus.PENDING)
    if status is InvoiceStatus.ISSUED and not fiscal:
        status = InvoiceStatus.PENDING  # issued without its number is not an answer yet
    files = {form: _sent(row, name, 500) for form, name in FILE_FIELDS.items()}
    return InvoiceAnswer(
        status=status,
        order_no=order_no,
        provider_serial=_sent(row, "serialNo"),
        fiscal_number=fiscal,
        issued_at_ms=_whole(row.get("invoiceTime")),
        total_fen=_fen(row.get("orderAmount")),
        tax_fen=_fen(row.get("taxAmount")),
        files={form: url for form, url in files.items() if url.startswith(("https://", "http://"))},
        reason=_first(row, ("failCause", "statusMsg"), 200),
        raw=raw,
    )


def _sent(row: Mapping[str, Any], name: str, limit: int = 64) -> str:
    """Numbers and texts mix on this wire."""
    value = row.get(name)
    return clean_text(str(value), limit) if isinstance(value, str | int) else ""


def _first(row: Mapping[str, Any], names: Sequence[str], limit: int = 64) -> str:
    return next((found for name in names if (found := _sent(row, name, limit))), "")


def _whole(value: object) -> int | None:
    try:
        return int(cast("Any", value))
    except (TypeError, ValueError):
        return None


def _fen(value: object) -> int | None:
    """Yuan as text or number to fen; None unless it is a whole number of fen."""
    try:
        fen = Decimal(str(value)) * 100
        return int(fen) if fen == fen.to_integral_value() else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _needed(text: str, limit: int, what: str) -> str:
    kept = clean_text(text, limit)
    if not kept:
        raise ValueError(f"{what} is empty")
    return kept


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def _json_bytes(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
