"""The command line's manners: exit codes, one sentence on stderr, JSON as published, quick look-ups."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def kiosk(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    if home is not None:
        environment["XDG_DATA_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def assert_one_sentence(answer: subprocess.CompletedProcess[str], code: int) -> None:
    assert answer.returncode == code, answer
    assert answer.stdout == ""
    assert re.fullmatch(r"kiosk: [^\n]+\n", answer.stderr), answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "verb",
    [
        (),
        ("run",),
        ("demo",),
        ("demo", "codes"),
        ("sandbox",),
        ("play",),
        ("sales",),
        ("sale",),
        ("journal", "verify"),
        ("print", "slip"),
        ("settings",),
    ],
    ids=" ".join,
)
def test_every_verb_explains_itself(verb: tuple[str, ...]) -> None:
    answer = kiosk(*verb, "--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith("Usage: kiosk")


@pytest.mark.parametrize(
    "arguments",
    [
        ("juggle",),
        ("play",),
        ("play", "no-such-file.play"),
        ("play", "-", "--size", "20x5"),
        ("play", "-", "--size", "wide"),
        ("sale",),
        ("sales", "--limit", "none"),
        ("settings", "--config", "no-such-file.toml"),
        ("print", "slip", "X"),
        ("demo", "--lang", "tlh"),
        ("run",),  # no terminal here
    ],
    ids=" ".join,
)
def test_wrong_use_is_one_sentence_and_exit_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert_one_sentence(kiosk(*arguments, home=tmp_path), 2)


@pytest.mark.parametrize(
    "arguments",
    [("sales",), ("sale", "DEMO0126112100001"), ("journal", "verify"), ("print", "slip", "X", "--to", "x.png")],
    ids=" ".join,
)
def test_given_no_shop_there_then_look_ups_say_so(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert_one_sentence(kiosk(*arguments, "--data", str(tmp_path / "nowhere")), 2)
    assert not (tmp_path / "nowhere").exists()


def test_given_a_shop_whose_store_is_gone_then_that_is_damage(tmp_path: Path) -> None:
    (tmp_path / "journal.key").write_text("00" * 32, "ascii")
    assert_one_sentence(kiosk("journal", "verify", "--data", str(tmp_path)), 3)


def test_given_an_unknown_step_then_nothing_is_started(tmp_path: Path) -> None:
    script = tmp_path / "wrong.play"
    script.write_text("sign_in 1001 274913\njuggle three balls\n", "utf-8")
    answer = kiosk("play", str(script), "--data", str(tmp_path / "shop"))
    assert_one_sentence(answer, 2)
    assert "line 2" in answer.stderr
    assert not (tmp_path / "shop").exists()


def test_the_codes_of_the_demo_shop_have_the_published_shape(tmp_path: Path) -> None:
    answer = kiosk("demo", "codes", "--json", "--data", str(tmp_path / "fresh"))
    assert answer.returncode == 0
    told = json.loads(answer.stdout)
    assert list(told) == ["operators", "vehicles", "sold_vehicle", "banned_vehicle", "unknown_vehicle"]
    assert [one["role"] for one in told["operators"]] == ["clerk", "manager", "owner", "support"]
    assert all(list(one) == ["number", "name", "role", "pin"] for one in told["operators"])
    assert len(told["vehicles"]) >= 40
    keys = ["vehicle", "model", "colours", "price_fen", "batteries", "charger", "incompatible_battery", "wrong_charger"]
    assert all(list(one) == keys for one in told["vehicles"])
    assert all(all(value is not None for value in one.values()) for one in told["vehicles"][:20])


def test_settings_tell_value_source_and_meaning(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text('[shop]\nname = "东门店"\n', "utf-8")
    answer = kiosk("settings", "--config", str(config), "--json")
    assert answer.returncode == 0
    (name,) = [one for one in json.loads(answer.stdout) if one["key"] == "shop.name"]
    assert name["value"] == "东门店"
    assert name["source"] == str(config)
    assert name["description"]


def test_the_command_line_does_not_load_the_screen() -> None:
    program = (
        "import sys, kiosk.cli.main; print([name for name in ('textual', 'peewee', 'httpx') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"
