"""`kiosk sandbox`: the providers on loopback, for the demo, for tests and for other people's clients."""

import tempfile
from pathlib import Path

import click


@click.command(short_help="Play WeChat Pay, Alipay and Nuonuo on a loopback address.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 is any free one.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where keys, ledger and faults are kept (default: a new temporary directory).",
)
def sandbox(port: int, directory: Path | None) -> int:
    """Play WeChat Pay (APIv3), Alipay (gateway.do, RSA2) and the Nuonuo invoice platform on their real wire, on
    loopback only, until SIGTERM.

    \b
    The first line on stdout is the announcement:
    {"wechat": {"base_url", "mchid", "appid", "serial_no", "private_key",
                "public_key", "public_key_id", "apiv3_key", "sub_mchid"},
     "alipay": {"gateway", "app_id", "app_private_key",
                "alipay_public_key"},
     "nuonuo": {"token_url", "base_url", "app_key", "app_secret",
                "tax_number"},
     "control": {"pay_url", "fault_url", "ledger_url", "clock_url"}}

    Keys are paths of PEM files in DIR (PKCS#8; clients of Alipay take those also without the PEM armour); secrets are
    inline; URLs have no trailing slash. GET ledger_url returns every order, refund and invoice the sandbox holds.

    \b
    The other controls take JSON by POST and work during any fault:
    pay_url    {"code": the text of the QR, "amount_fen"?}   the customer pays
               {"code", "scan_only": true}                   ... only scans it
    fault_url  {"target": "wechat|alipay|nuonuo|network", "kind", "endpoint"?}
               {"target", "heal": true}
    clock_url  {"advance_ms"}                                time goes on
    """
    from drivers.sandbox.serving import serve

    return serve(directory if directory is not None else Path(tempfile.mkdtemp(prefix="kiosk-sandbox-")), port)
