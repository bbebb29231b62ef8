"""Raw touches and keys on the terminal, closer together than a person who looks: nothing is pressed unseen."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import SandboxControl
from kiosk.demo.template import copy_seeded
from kiosk.demo.world_process import WorldProcess
from kiosk.play.child import Child
from kiosk.play.player import Player
from kiosk.play.script import parse
from kiosk.play.store_check import ask
from kiosk.play.text import pick
from kiosk.services.clock import Clock

TO_THE_PRICE = """
scan 990PB48SYNTH20G1A0000003
scan JW0000000-26-A1
choose 下一步
field 姓名 = 王小明
field 手机号码 = 13500135071
field 行政区划 = 西湖
choose 浙江省 杭州市 西湖区
field 详细地址 = 文三路 1 号
"""


@contextmanager
def counter(directory: Path) -> Iterator[Player]:
    """A shop in its world, behind a terminal."""
    with ExitStack() as stack:
        data = directory / "shop"
        data.mkdir()
        world = WorldProcess.start(data / "world")
        stack.callback(world.stop)
        copy_seeded(data, Clock())
        told = directory / "world.json"
        told.write_text(world.announcement, encoding="utf-8")
        control = SandboxControl(Announcement.from_json(world.announcement).control)
        child = Child(data, told, directory / "stage", 80, 24, "zh_CN", control.offset_ms())
        stack.callback(child.stop)
        child.start()
        yield Player(child, control, data)


def play(player: Player, script: str) -> None:
    for step in parse(script):
        player.do(step)


def tap_twice(player: Player, label: str, gap_s: float) -> None:
    """Two touches of the control that says `label`, so far apart, whatever comes of the first."""
    x, y = pick(player.child.controls(), label, None).visible.middle
    for gap in (gap_s, 0.0):
        player.child.terminal.write(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m".encode())
        time.sleep(gap)
    player.child.settle()


def hold(player: Player, key: bytes, repeats: int) -> None:
    """A key held down: terminals wait a moment before they repeat it."""
    player.child.terminal.write(key)
    time.sleep(0.25)
    for _ in range(repeats):
        player.child.terminal.write(key)
        time.sleep(0.03)
    player.child.settle()


def payments(player: Player) -> str:
    return ask(
        player.data,
        "SELECT group_concat(state, ' ') FROM (SELECT p.state FROM payment_order p JOIN sale s ON s.serial = p.serial"
        " WHERE s.customer_phone = '13500135071' ORDER BY p.rowid)",
    )


def test_given_a_double_tap_or_a_held_key_then_nothing_happens_on_what_came_up_under_it(tmp_path: Path) -> None:
    with counter(tmp_path) as one:
        play(one, "sign_in 1001 274913")
        hold(one, b"\x1b[19~", 20)
        play(one, "expect 请扫描整车编码\nrefuse 不能\npress escape\nscan 999122600000002\nchoose 亮黑")
        tap_twice(one, "开始捆绑", 0.25)
        play(one, "refuse 不能\n" + TO_THE_PRICE)
        tap_twice(one, "提交", 0.25)
        play(one, "refuse 不能\nchoose 微信")
        tap_twice(one, "收款", 0.1)
        play(one, "expect 待支付")
        tap_twice(one, "取消收款", 0.1)
        play(one, "expect 已关闭\nexpect 重新收款\nwait 1")
        assert payments(one) == "CLOSED"
        tap_twice(one, "重新收款", 0.1)
        play(one, "expect 待支付")
        assert payments(one) == "CLOSED WAITING"
