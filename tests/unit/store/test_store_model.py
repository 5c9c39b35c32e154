from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from tests.unit.store.store_model import StoreModel


def test_the_store_keeps_what_a_dictionary_would_keep() -> None:
    """A few stories; scripts/gate plays many."""
    run_state_machine_as_test(
        StoreModel, settings=settings(max_examples=12, stateful_step_count=12, deadline=None)
    )
