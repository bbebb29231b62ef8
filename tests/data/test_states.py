"""Every arrow of STATES.md is allowed and every other move is refused, by the database itself."""

from __future__ import annotations

import itertools
from collections import deque

import pytest

from data.models import Row
from data.states import INITIAL, MOVES, STATES
from data.store import RuleBroken, Store
from data.unit_of_work import Tx

DOCUMENTS = sorted(MOVES)


def _used(document: str) -> list[str]:
    """States that occur in the document's arrows (an enumeration may serve two documents)."""
    return sorted({INITIAL[document], *(state for arrow in MOVES[document] for state in arrow)})


def _way(document: str, target: str) -> list[str]:
    ways = {INITIAL[document]: [INITIAL[document]]}
    queue = deque(ways)
    while queue:
        here = queue.popleft()
        for source, then in sorted(MOVES[document]):
            if source == here and then not in ways:
                ways[then] = [*ways[here], then]
                queue.append(then)
    return ways[target]


PAIRS = [
    (document, source, target)
    for document in DOCUMENTS
    for source in _used(document)
    for target in STATES[document]
    if source != target
]


def _bring(tx: Tx, floor, document: str, way: list[str]) -> tuple[type[Row], str]:
    model, key = floor.make(tx, document)
    for source, target in itertools.pairwise(way):
        assert tx.move(model, key, target, **floor.facts_for(tx, document, key, source, target))
    return model, key


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("shop"), now_ms=lambda: 1_795_000_000_000)
    yield store
    store.close()


@pytest.mark.parametrize(("document", "source", "target"), PAIRS)
def test_the_database_lets_a_document_move_along_its_arrows_only(shared, floor, document, source, target):
    floor.count = PAIRS.index((document, source, target)) * 10

    def unit(tx: Tx) -> None:
        model, key = _bring(tx, floor, document, _way(document, source))
        facts = floor.facts_for(tx, document, key, source, target) if (source, target) in MOVES[document] else {}
        changes = "".join(f", {column} = ?" for column in facts)
        changed = tx.execute(
            f"UPDATE {model.table()} SET state = ?{changes} WHERE {model.key_columns()[0]} = ?",
            (target, *facts.values(), key),
        )
        assert changed == 1

    if (source, target) in MOVES[document]:
        shared.write_now(unit)
    else:
        with pytest.raises(RuleBroken, match="cannot move from"):
            shared.write_now(unit)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_born_in_its_initial_state_only(store, floor, document):
    for state in STATES[document]:
        if state == INITIAL[document]:
            continue

        def unit(tx: Tx, state: str = state) -> None:
            model, key = floor.make(tx, document)
            names = ", ".join(model.column_names())
            copied = ", ".join(
                f"'{state}'" if name == "state" else f"{name} || 'X'" if name == model.key_columns()[0] else name
                for name in model.column_names()
            )
            tx.execute(
                f"INSERT INTO {model.table()} ({names}) SELECT {copied} FROM {model.table()} "
                f"WHERE {model.key_columns()[0]} = ?",
                (key,),
            )

        with pytest.raises(RuleBroken, match="begins as"):
            store.write_now(unit)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_given_no_arrow_when_the_unit_of_work_moves_then_it_is_a_mistake_of_the_program(store, floor, document):
    def unit(tx: Tx) -> None:
        model, key = floor.make(tx, document)
        tx.move(model, key, INITIAL[document], expect=INITIAL[document])

    with pytest.raises(ValueError, match="has no arrow"):
        store.write_now(unit)


def test_every_document_of_the_plan_has_states():
    assert set(MOVES) == set(INITIAL) == set(STATES)
    for document, arrows in MOVES.items():
        words = set(STATES[document])
        assert INITIAL[document] in words
        assert {state for arrow in arrows for state in arrow} <= words
