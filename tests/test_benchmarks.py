"""What the benchmark reads from our pages, and how it judges what it measured."""

from __future__ import annotations

import pytest
from django.test import Client

from benchmarks import measures, targets
from benchmarks.measures import number_found
from benchmarks.results import Figure, Line, Results


@pytest.mark.parametrize(
    ("address", "found"),
    [("/", 25), ("/?q=0036", 1), ("/?q=zebra", 0), ("/?review=never", None)],
)
def test_the_number_that_a_list_says_it_found(client: Client, real_register, address, found):
    assert number_found(client.get(address).content) == found


OURS, FOUR = "ours on SQLite", "ours on SQLite, 4 workers"


@pytest.mark.parametrize(
    ("line", "other", "value", "least", "most"),
    [
        (
            Line(250_000, measures.EDITED, FOUR),
            Line(250_000, measures.WARM, FOUR),
            "rate",
            0.7,
            None,
        ),
        (
            Line(25, measures.NEW_ONE, OURS),
            Line(25, measures.NEW_ONE, targets.TUNED),
            "rate",
            3,
            None,
        ),
        (
            Line(250_000, measures.XLSX, OURS),
            Line(250_000, measures.CSV, targets.TUNED),
            "whole",
            None,
            3,
        ),
        (Line(250_000, measures.CALENDAR, OURS), None, "whole", None, 30),
        (Line(25_000, measures.SEARCH, OURS), None, "processor", None, 30_000),
    ],
    ids=lambda value: value.work if isinstance(value, Line) else "",
)
def test_a_limit_is_met_or_missed(line, other, value, least, most):
    limit = least or most
    for measured, met in ((limit * 1.01, bool(least)), (limit * 0.99, bool(most))):
        figures = [Figure(round=0, line=line, values={value: measured})]
        if other:
            figures.append(Figure(round=0, line=other, values={value: 1.0}))
        results = Results(figures)
        (judged,) = [
            verdict
            for verdict in targets.verdicts(results, [25, 25_000, 250_000], {}, [])
            if verdict.met is not None
        ]
        assert judged.met is met
