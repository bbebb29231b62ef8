"""A throw-away demo shop is a copy of the day's template, and as good as a seeded one."""

import pytest

from data.journal import verify
from data.models import Sale
from data.store import Store
from kiosk.demo.codes import demo_codes
from kiosk.demo.seeding import is_demo, seed
from kiosk.demo.template import copy_seeded
from kiosk.rules.calendar import DAY_MS
from kiosk.services.clock import Clock


@pytest.fixture
def cache(tmp_path):
    """An empty cache."""
    return tmp_path / "cache"


def copied(directory, clock, cache):
    """A copy with a short past."""
    return copy_seeded(directory, clock, cache=cache, past=5)


def templates(cache):
    return sorted(entry.name for entry in cache.iterdir() if entry.is_dir())


def test_given_an_empty_directory_when_copied_then_the_store_is_seeded_verified_and_usable(tmp_path, cache):
    clock = Clock()
    assert copied(tmp_path / "one", clock, cache)
    assert copied(tmp_path / "two", clock, cache)
    assert len(templates(cache)) == 1
    for name in ("one", "two"):
        assert verify(tmp_path / name).code == 0
        store = Store.open(tmp_path / name, now_ms=clock.now_ms)
        assert is_demo(store)
        assert not seed(store, clock)
        assert store.read_now(lambda: Sale.query().count()) == 5
        assert len(demo_codes(store).vehicles) >= 40
        assert store.write_now(lambda tx: tx.now_ms) <= clock.now_ms()
        store.close()


def test_given_the_next_day_when_copied_then_a_new_template_takes_the_old_ones_place(tmp_path, cache):
    clock = Clock()
    copied(tmp_path / "one", clock, cache)
    first = templates(cache)
    clock.advance(DAY_MS)
    copied(tmp_path / "two", clock, cache)
    assert len(templates(cache)) == 1
    assert templates(cache) != first


def test_given_a_store_in_the_directory_when_copied_then_it_is_left_alone(tmp_path, cache):
    clock = Clock()
    Store.open(tmp_path / "mine", now_ms=clock.now_ms).close()
    before = (tmp_path / "mine" / "store.db").read_bytes()
    assert not copied(tmp_path / "mine", clock, cache)
    assert (tmp_path / "mine" / "store.db").read_bytes() == before


def test_given_a_cache_that_cannot_be_used_when_copied_then_nothing_is_left_behind(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert not copied(tmp_path / "one", Clock(), tmp_path / "cache")
    assert not list((tmp_path / "one").iterdir())
