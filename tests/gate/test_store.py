"""Many random stories of a store, against a dictionary."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from tests.unit.store.store_model import StoreModel

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]


def test_a_store_keeps_what_a_dictionary_would_keep_in_many_stories() -> None:
    wide = settings(max_examples=500, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(StoreModel, settings=wide)
