"""Several plays: on one shop after another, and the pictures they leave."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"


def play(directory: Path, *steps: str, data: Path | None = None) -> dict[str, object]:
    command = [sys.executable, "-m", "kiosk", "play", "-", "--json"]
    if data is not None:
        command += ["--data", str(data)]
    script = "\n".join(("sign_in 1001 274913", *steps))
    done = subprocess.run(
        command, input=script, cwd=directory, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_given_a_shop_of_an_earlier_play_then_sale_clock_and_faults_are_as_they_were_left(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    play(tmp_path, "scan 999522600000018", "choose 雾霾蓝", "advance 2h", "fault printer paper_out", data=shop)
    told = play(
        tmp_path,
        *(
            "choose 取单",
            "expect 999522600000018",
            "expect 雾霾蓝",
            "expect 缺纸",
            "heal printer",
            "expect 打印机 正常",
        ),
        *("kill", "sign_in 1001 274913", "choose 取单", "expect 999522600000018"),
        data=shop,
    )
    assert told["ok"]


def test_shots_are_pictures_of_the_screen(tmp_path: Path) -> None:
    play(tmp_path, "scan 999522600000018", "lang ja", "shot one.svg", "shot one.png")
    lines = ElementTree.parse(tmp_path / "one.svg").iter(f"{SVG}text")
    assert "999522600000018" in "".join("".join(line.itertext()) for line in lines)
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.width > picture.height > 300
