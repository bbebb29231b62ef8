"""Who may work here: numbers and phones, wrong PINs, disabled accounts, and what the journal says of it."""

import json

import pytest

from data.models import Journal, Operator
from kiosk.rules.refusals import Reason
from kiosk.services.sign_in import DECOY, SignInService, hash_pin, pin_fits


@pytest.fixture
def sign_in(shop):
    return SignInService(shop.store, shop.clock)


def told(shop):
    """Kind, key and outcome of everything the journal says of operators."""
    rows = shop.store.read_now(
        lambda: [
            (row.kind, row.thing_key, json.loads(row.body)["said"])
            for row in Journal.query()
            .where(Journal.thing == "operator", Journal.kind != "operator.created")
            .order_by(Journal.seq)
        ]
    )
    return [(kind.removeprefix("operator."), key[:4], said.get("outcome", "")) for kind, key, said in rows]


async def test_given_number_or_phone_with_the_pin_when_signing_in_then_it_is_the_same_person(shop, sign_in):
    owner = shop.demo.operators[2]
    by_number = await sign_in.sign_in(owner.number, owner.pin)
    by_phone = await sign_in.sign_in(f"+86 {owner.phone}", owner.pin)
    assert by_number == by_phone
    assert (by_number.number, by_number.name, by_number.role) == (owner.number, owner.name, owner.role)


async def test_given_wrong_pin_or_nobody_when_signing_in_then_the_same_refusal_and_an_attempt_each(
    shop, sign_in, refused
):
    await refused(Reason.WRONG_PIN, sign_in.sign_in("1001", "000000"))
    await refused(Reason.WRONG_PIN, sign_in.sign_in("9999", "000000"))
    await refused(Reason.WRONG_PIN, sign_in.sign_in("1001", ""))
    await refused(Reason.NOT_SIGNED_IN, sign_in.sign_in(" ", "1"))
    await sign_in.sign_in("1001", shop.demo.operators[0].pin)
    stranger = told(shop)[1][1]
    assert stranger.startswith("-")
    assert told(shop) == [
        ("attempt", "1001", "COUNTED"),
        ("attempt", stranger, "COUNTED"),
        ("attempt", "1001", "COUNTED"),
        ("signed_in", "1001", ""),
    ]


async def test_given_a_disabled_account_when_signing_in_then_only_the_right_pin_learns_so(shop, sign_in, refused):
    shop.store.write_now(lambda tx: tx.change(Operator, "1001", disabled=1))
    await refused(Reason.ACCOUNT_DISABLED, sign_in.sign_in("1001", shop.demo.operators[0].pin))
    await refused(Reason.WRONG_PIN, sign_in.sign_in("1001", "1"))


def test_given_a_pin_when_hashed_then_it_is_argon2id_of_the_promised_cost_and_salted():
    first, second = hash_pin("274913"), hash_pin("274913")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert DECOY.rsplit("$", 2)[0] == first.rsplit("$", 2)[0]  # a number nobody has costs the same
    assert len(DECOY) == len(first)
    assert pin_fits(first, "274913")
    assert not pin_fits(first, "274914")
    assert not pin_fits("nonsense", "274913")


async def test_given_pins_when_attempted_then_none_of_them_nor_a_hash_is_in_the_journal_or_the_log(
    shop, sign_in, refused, caplog
):
    caplog.set_level("INFO")  # what the kiosk writes
    await refused(Reason.WRONG_PIN, sign_in.sign_in("1001", "424242"))
    await refused(Reason.WRONG_PIN, sign_in.sign_in("535353", "424242"))  # a PIN in the wrong field
    await sign_in.sign_in("1001", shop.demo.operators[0].pin)
    bodies = shop.store.read_now(lambda: " ".join(row.thing_key + row.body for row in Journal.query()))
    for secret in ("424242", "535353", shop.demo.operators[0].pin, "argon2"):
        assert secret not in bodies
        assert secret not in caplog.text
