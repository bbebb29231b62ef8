"""The script language: what parses, into what, and what is refused before anything starts."""

import pytest

from kiosk.play import steps as say
from kiosk.play.script import ScriptError, parse


def action(line: str) -> say.Action:
    (step,) = parse(line)
    return step.action


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sign_in 1001 246810", say.SignIn("1001", "246810")),
        ("scan 110012500000017", say.ScanText("110012500000017")),
        ("choose 作废(红冲)", say.Choose("作废(红冲)", None)),
        ("choose 微信 #2", say.Choose("微信", 2)),
        ("field 手机号码 = 138 0013 8000", say.Fill("手机号码", None, "138 0013 8000")),
        ("field 电池码 #2 = A=B", say.Fill("电池码", 2, "A=B")),
        ("field 备注 =", say.Fill("备注", None, "")),
        ("type  two blanks", say.Type(" two blanks")),
        ("press shift+tab", say.Press("shift+tab")),
        ("expect 已支付", say.Expect("已支付", 10.0)),
        ("expect 发票 已开票 within 20", say.Expect("发票 已开票", 20.0)),
        ("expect x within 1.5s", say.Expect("x", 1.5)),
        ("refuse 未知", say.Refuse("未知")),
        ("pay", say.Pay(None)),
        ("pay ¥2,999.00", say.Pay(299900)),
        ("pay 2999", say.Pay(299900)),
        ("fault printer paper_out", say.SetFault("printer", "paper_out", None)),
        ("fault wechat drop_after_commit create", say.SetFault("wechat", "drop_after_commit", "create")),
        ("fault network down", say.SetFault("network", "down", None)),
        ("fault alipay timeout", say.SetFault("alipay", "timeout", None)),
        ("fault alipay retry_flag cancel", say.SetFault("alipay", "retry_flag", "cancel")),
        ("heal nuonuo", say.Heal("nuonuo")),
        ("heal alipay", say.Heal("alipay")),
        ("advance 1h30m", say.Advance(5_400_000)),
        ("advance 3d", say.Advance(259_200_000)),
        ("kill", say.Kill()),
        ("restart", say.Restart()),
        ("wait 0.5", say.Wait(0.5)),
        ("shot a b.png", say.Shot("a b.png")),
        ("lang en", say.Lang("en")),
        (
            "sql SELECT count(*) FROM sale WHERE total_fen >= 1 => 3",
            say.Sql("SELECT count(*) FROM sale WHERE total_fen >= 1", "3"),
        ),
        ("sign", say.NotBuilt("sign")),
        ("photo card.jpg", say.NotBuilt("photo")),
        ("pay_code wechat", say.NotBuilt("pay_code")),
        ("confirm_red", say.NotBuilt("confirm_red")),
    ],
)
def test_every_step_of_the_contract_parses(line: str, expected: say.Action) -> None:
    assert action(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "juggle",
        "sign_in 1001",
        "choose",
        "field 姓名",
        "press hyperspace",
        "expect",
        "pay lots",
        "pay 1.005",
        "fault printer on_fire",
        "fault toaster paper_out",
        "fault alipay status202",
        "heal",
        "advance soon",
        "kill now",
        "wait a bit",
        "shot screen.jpg",
        "lang tlh",
        "sql SELECT 1",
        "pay_code cash",
    ],
)
def test_given_a_line_that_is_no_step_then_it_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ScriptError) as refused:
        parse(f"# story\n\nscan 1\n{line}\n")
    assert refused.value.line == 4


def test_only_a_hash_as_first_character_makes_a_comment() -> None:
    steps = parse("\ufeff# a\r\n\r\n  expect # of lines\r\nchoose #\r\n")
    assert [(step.line, step.action) for step in steps] == [
        (3, say.Expect("# of lines", 10.0)),
        (4, say.Choose("#", None)),
    ]
