"""Who may work here: numbers and phones, wrong PINs, disabled accounts, and what the journal says of it."""

import json

import pytest

from data.models import Journal, Operator
from kiosk.rules.refusals import Reason
from kiosk.services.sign_in import SignInService, hash_pin, pin_fits


@pytest.fixture
def sign_in(shop):
    return SignInService(shop.store, shop.clock)


def attempts(shop):
    rows = shop.store.read_now(
        lambda: [(row.thing_key, row.body) for row in Journal.query().where(Journal.kind == "operator.attempt")]
    )
    return [(key, json.loads(body)["said"]["outcome"]) for key, body in rows]


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
    assert attempts(shop) == [
        ("1001", "WRONG_PIN"),
        ("-", "WRONG_PIN"),
        ("1001", "WRONG_PIN"),
        ("1001", "OK"),
    ]


async def test_given_a_disabled_account_when_signing_in_then_only_the_right_pin_learns_so(shop, sign_in, refused):
    shop.store.write_now(lambda tx: tx.change(Operator, "1001", disabled=1))
    await refused(Reason.ACCOUNT_DISABLED, sign_in.sign_in("1001", shop.demo.operators[0].pin))
    await refused(Reason.WRONG_PIN, sign_in.sign_in("1001", "1"))


def test_given_a_pin_when_hashed_then_it_is_argon2id_of_the_promised_cost_and_salted():
    first, second = hash_pin("274913"), hash_pin("274913")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert pin_fits(first, "274913")
    assert not pin_fits(first, "274914")
    assert not pin_fits("nonsense", "274913")


async def test_given_a_pin_when_attempted_then_neither_it_nor_a_hash_is_in_the_journal(shop, sign_in, refused):
    await refused(Reason.WRONG_PIN, sign_in.sign_in("1001", "424242"))
    bodies = shop.store.read_now(lambda: " ".join(row.body for row in Journal.query()))
    assert "424242" not in bodies
    assert "argon2" not in bodies
