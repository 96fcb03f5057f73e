"""Nothing of the fictional register is taken for words about a person."""

from __future__ import annotations

import pytest

from registers.models.personal_words import personal_words
from tests.models.test_personal_words import texts


@pytest.mark.usefixtures("demonstration")
def test_nothing_is_asked_about():
    every = list(texts())
    assert len(every) > 2_000
    assert [each for each in every if personal_words(str(each[2]), field=each[1])] == []
