"""A whole day at the kiosk, then all that lists or logs is searched for every customer there is: nobody is found."""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import apsw

SVG = "{http://www.w3.org/2000/svg}"
NAME, PHONE, STREET = "欧阳小四", "15400001234", "隐私路"
SECOND, SECOND_PHONE = "司徒阿五", "15400005678"

DAY = f"""
sign_in 1001 274913
shot home.svg
fault nuonuo fail
fault printer paper_out
scan 999222600000003
choose 奶油黄
choose 开始捆绑
scan 6DZF20SYN00260000005
scan 6DZF20SYN00260000006
scan 6DZF20SYN00260000007
scan 6DZF20SYN00260000008
scan JW0000000-25-P4
choose 下一步
field 姓名 = {NAME}
field 手机号码 = {PHONE}
field 行政区划 = 西湖
choose 浙江省 杭州市 西湖区
field 详细地址 = {STREET} 1 号
choose 提交
shot price.svg
choose 微信
choose 收款
shot code.svg
pay
expect 已支付
expect 开票失败
choose 完成
shot notices.svg
scan 999522600000018
choose 雾霾蓝
choose 挂单
scan 999122600000002
choose 亮黑
choose 开始捆绑
scan 990PB48SYNTH20G1A0000003
scan JW0000000-26-A1
choose 下一步
field 姓名 = {SECOND}
field 手机号码 = {SECOND_PHONE}
field 行政区划 = 西湖
choose 浙江省 杭州市 西湖区
field 详细地址 = {STREET} 2 号
advance 70s untouched
shot dim.svg
choose 提交
choose 提交
choose 挂单
choose 取单
shot open-sales.svg
choose 返回
choose 销售单
shot list.svg
choose 下一页
shot list-2.svg
choose 上一页
choose {NAME[0]}***
shot detail.svg
choose 返回
choose 返回
choose 锁定
shot lock.svg
sign_in 1004 340875
shot support-home.svg
choose 销售单
shot support-list.svg
choose {NAME[0]}***
shot support-detail.svg
choose 查看
shot support-invoice.svg
choose 返回
choose 返回
choose 返回
choose 取单
choose 999122600000002
shot support-price.svg
kill
sign_in 1002 583064
lang ru
shot russian.svg
"""
"""The clerk sells, parks and is called away; support looks round; somebody else takes over after a power cut."""


def play(script: str, directory: Path) -> None:
    command = [sys.executable, "-m", "kiosk", "play", "-", "--json", "--data", "shop"]
    done = subprocess.run(
        command, input=script, cwd=directory, capture_output=True, text=True, timeout=300, check=False
    )
    told = json.loads(done.stdout)
    assert told["ok"], (told["steps"][-1], "\n".join(told["screen"]))


def screens(directory: Path) -> dict[str, str]:
    """What stood on each screen that was pictured, without blanks."""
    found: dict[str, str] = {}
    for path in sorted(directory.glob("*.svg")):
        lines = ElementTree.parse(path).iter(f"{SVG}text")
        found[path.name] = re.sub(r"\s", "", "\n".join("".join(line.itertext()) for line in lines))
    return found


def test_given_a_whole_day_when_lists_logs_and_look_ups_are_searched_then_no_customer_is_found(tmp_path: Path) -> None:
    play(DAY, tmp_path)
    store = apsw.Connection(str(tmp_path / "shop" / "store.db"), flags=apsw.SQLITE_OPEN_READONLY)
    operators = {name for (name,) in store.execute("SELECT name FROM operator")}
    people = store.execute("SELECT name, phone FROM customer").fetchall()
    sales = store.execute("SELECT customer_name, customer_phone FROM sale WHERE customer_name IS NOT NULL").fetchall()
    newest = store.execute("SELECT serial FROM sale WHERE customer_name = ?", (NAME,)).fetchall()[0][0]
    store.close()
    told = {text for row in (*people, *sales) for text in row}
    assert {NAME, PHONE} <= told
    assert len(told) > 500
    secrets = (told | {SECOND, SECOND_PHONE, STREET}) - operators

    shown = screens(tmp_path)
    assert len(shown) == DAY.count("\nshot ")
    assert f"{NAME[0]}***" in shown["list.svg"]
    assert "154****1234" in shown["list.svg"]
    assert f"{SECOND[0]}***" in shown["open-sales.svg"]
    assert "154****5678" in shown["support-price.svg"]
    for what in (["sales", "--limit", "200"], ["sale", newest], ["sale", newest, "--json"], ["sales", "--json"]):
        command = [sys.executable, "-m", "kiosk", *what, "--data", "shop"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        shown[" ".join(what)] = done.stdout
    logs = list(tmp_path.rglob("*.log"))
    shown |= {str(path): path.read_text("utf-8") for path in logs}
    found = {(place, secret) for place, text in shown.items() for secret in secrets if secret in text}
    assert found == set()
