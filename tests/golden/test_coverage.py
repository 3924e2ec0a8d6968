"""The list of what recorded tensors cover is what the complete vectors hold."""

import pytest

from .coverage import covered, recorded
from .vectors import BUILDS, IS_COMPLETE


def test_list_is_current() -> None:
    if not IS_COMPLETE:
        pytest.skip("the complete golden vectors (../shared/golden) are not here")
    assert recorded() == covered(), "run: python -m tests.golden.coverage"


def test_the_selection_covers_nothing_else() -> None:
    """Whatever vectors are at hand cover nothing that the list lacks."""
    listed = recorded()
    assert all(set(sets) <= set(listed[key]) for key, sets in covered().items())
    assert {kernels for sets in listed.values() for kernels in sets} == set(BUILDS)
