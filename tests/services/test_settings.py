"""Settings: defaults, file, variables; a wrong key or value is one sentence; paths of secrets are made whole."""

from pathlib import Path

import pytest

from kiosk.settings import DEFAULT, SettingsError, load_settings


def written(directory: Path, text: str) -> Path:
    file = directory / "kiosk.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_given_file_and_variable_when_loaded_then_the_variable_wins_and_sources_say_so(tmp_path: Path) -> None:
    file = written(tmp_path, '[wechat]\nmchid = "1900000001"\nappid = "wxfile"\n[[printers]]\nname = "front"\n')
    loaded = load_settings(file, {"KIOSK_WECHAT_APPID": "wxenv", "KIOSK_COLLECTION_ORDER_SECONDS": "90", "HOME": "/x"})
    assert loaded.settings.wechat.mchid == "1900000001"
    assert loaded.settings.wechat.appid == "wxenv"
    assert loaded.settings.collection.order_seconds == 90
    told = {setting.key: setting.source for setting in loaded.listing()}
    assert told["wechat.mchid"] == str(file)
    assert told["wechat.appid"] == "KIOSK_WECHAT_APPID"
    assert told["wechat.base_url"] == DEFAULT
    assert told["printers.1.name"] == str(file)
    assert all(setting.description for setting in loaded.listing())


@pytest.mark.parametrize(
    ("text", "environ", "part"),
    [
        ('[wechat]\nmchidd = "1"\n', {}, "mchidd"),
        ("[wechat]\nmchid = 1\n", {}, "wechat.mchid"),
        ("[wallet]\n", {}, "wallet"),
        ('[[printers]]\nname = "a"\nwidth = 60\n', {}, "width"),
        ("[collection]\norder_seconds = 3\n", {}, "order_seconds"),
        ("[invoices]\ngoods_tax_code = 'abc'\n", {}, "goods_tax_code"),
        ("[shop\n", {}, "TOML"),
        ("", {"KIOSK_WECHAT_MCHIDD": "1"}, "KIOSK_WECHAT_MCHIDD"),
        ("", {"KIOSK_COLLECTION_ORDER_SECONDS": "soon"}, "KIOSK_COLLECTION_ORDER_SECONDS"),
    ],
)
def test_given_a_wrong_setting_when_loaded_then_one_sentence_names_it(
    tmp_path: Path, text: str, environ: dict[str, str], part: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(written(tmp_path, text), environ)
    sentence = str(refused.value)
    assert part in sentence
    assert "\n" not in sentence


def test_given_a_missing_file_when_loaded_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(tmp_path / "absent.toml", {})


def test_given_relative_key_files_when_loaded_then_they_stand_beside_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[wechat]\nprivate_key_file = "keys/mine.pem"\npublic_key_file = "/etc/keys/pub.pem"\n')
    settings = load_settings(file, {}).settings
    assert settings.wechat.private_key_file == str(tmp_path / "keys/mine.pem")
    assert settings.wechat.public_key_file == "/etc/keys/pub.pem"
    assert settings.wechat.apiv3_key_file == ""
