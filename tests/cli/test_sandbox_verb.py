"""`kiosk sandbox`: announces itself on the first line and ends on SIGTERM."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path


def test_the_sandbox_announces_itself_answers_and_ends_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kiosk", "sandbox", "--port", "0", "--dir", str(tmp_path / "box")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert {"wechat", "alipay", "nuonuo", "control"} <= set(told)
        assert Path(told["wechat"]["private_key"]).is_file()
        assert not any(str(url).endswith("/") for url in told["control"].values())
        with urllib.request.urlopen(told["control"]["ledger_url"], timeout=10) as answer:
            assert answer.status == 200
            json.loads(answer.read())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        if process.stdout is not None:
            process.stdout.close()
