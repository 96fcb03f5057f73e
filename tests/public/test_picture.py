"""The picture of who is named with whom has the facts of the table, and stays where it is."""

from __future__ import annotations

import html
import itertools
import re

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from registers.changes.layout import lay_out_picture
from registers.models import Layout, Organisation, Party, Protocol, RegisterVersion
from registers.public.picture import picture_of, width_of, words_of
from registers.search import pairs, picture
from registers.search.index import current_index
from registers.search.layout import separated
from registers.search.pairs import pair_list
from tests.makers import OrganisationFactory, make_protocols
from tests.public.test_sharing import table

pytestmark = [pytest.mark.usefixtures("real_register")]

POINT = re.compile(r'<a href="(/organisations/[^"]*)"><title>(.*?): (\d+) protocols?</title>')
LINE = re.compile(
    r'<a href="([^"]*)" rel="nofollow" tabindex="-1"><title>.*?: (\d+) protocols?, (.*?)</title>'
)


def drawn(client: Client, address: str) -> tuple[list[tuple], list[tuple]]:
    """The points and the lines of the picture on a page, as they are read out."""
    page = client.get(address).content.decode()
    return POINT.findall(page), [tuple(map(html.unescape, line)) for line in LINE.findall(page)]


def picture_now(around: Organisation | None = None):
    index = current_index()
    return picture_of(index, pair_list(index, around, "-protocols").pairs, around)


def in_force(*organisations: Organisation) -> set[Protocol]:
    """The protocols that name each of them, slowly."""
    found = Protocol.objects.filter(status="published").select_related("theme")
    for each in organisations:
        found = found.filter(pk__in=Party.objects.filter(organisation=each).values("protocol"))
    return set(found)


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/sharing/", ""),
        ("/sharing/?organisation=eput", "organisation=eput"),
        ("/organisations/essex-county-council/", "organisation=ecc"),
    ],
)
def test_each_point_and_line_is_in_the_table(client: Client, address, query):
    rows = table(client, query)
    points, lines = drawn(client, address)
    assert len(rows) > 20
    by_url = {row["url"].removeprefix("http://localhost:8000"): row for row in rows}
    assert {(url, number) for url, number, _ in lines} == {
        (url, row["protocols"]) for url, row in by_url.items()
    }
    organisations = {each.name: each for each in Organisation.objects.all()}
    for url, _, theme in lines:
        row = by_url[url]
        both = in_force(organisations[row["organisation"]], organisations[row["with"]])
        names = {protocol.theme.name for protocol in both}
        assert theme == (names.pop() if len(names) == 1 else "more than one theme")
    assert sorted(html.unescape(name) for _, name, _ in points) == sorted(
        {row[side] for row in rows for side in ("organisation", "with")}
    )
    for url, name, number in points:
        organisation = organisations[html.unescape(name)]
        assert url == organisation.get_absolute_url()
        assert int(number) == len(in_force(organisation))


def test_lines_of_one_protocol_are_faint_in_the_picture_of_all(client: Client):
    lines = picture_now().lines
    assert {line.protocols > 1 for line in lines} == {True, False}
    assert all(line.faint == (line.protocols == 1) for line in lines)
    council = Organisation.objects.get(slug="essex-county-council")
    assert not any(line.faint for line in picture_now(council).lines)


def test_the_sentence_and_the_first_page(client: Client):
    rows, shown = table(client), picture_now()
    counts = np.unique(
        [row[side] for row in rows for side in ("organisation", "with")], return_counts=True
    )
    assert shown.most["others"] == counts[1].max()
    assert shown.most["organisation"].name == counts[0][counts[1].argmax()]
    assert shown.is_whole
    assert drawn(client, "/sharing/?page=2") == ([], [])


@pytest.mark.parametrize("laid_out", [True, False])
@pytest.mark.parametrize("slug", ["", "essex-county-council"])
def test_no_name_stands_over_another(slug, laid_out):
    if laid_out:
        lay_out_picture()
    shown = picture_now(Organisation.objects.get(slug=slug) if slug else None)
    boxes = [point.box for point in shown.points]
    assert len(boxes) > 50
    assert shown.height < 800
    for left, top, right, bottom in boxes:
        assert min(left, top) >= 0
        assert right <= shown.width
        assert bottom <= shown.height
    for one, other in itertools.combinations(boxes, 2):
        assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]


@pytest.mark.both_databases
def test_the_second_run_moves_nothing_and_the_next_day_little(capsys):
    call_command("lay_out_picture")
    before, version = Layout.stored(), str(RegisterVersion.now())
    assert (len(before), str(Layout.objects.get())) == (58, "58 organisations")
    call_command("lay_out_picture")
    assert (Layout.stored(), str(RegisterVersion.now())) == (before, version)
    assert "0 moved" in capsys.readouterr().out

    new, alone = OrganisationFactory(), OrganisationFactory()
    provide = Organisation.objects.get(slug="provide")
    make_protocols(1, parties=[new, provide], status="published")
    make_protocols(1, parties=[alone], status="published")
    shown = picture_now()
    places = {point.organisation.slug: (point.x, point.y) for point in shown.points}
    others = [name for name in places if name not in {new.slug, "provide"}]
    near = sorted(np.hypot(*np.subtract(places["provide"], places[name])) for name in others)
    assert np.hypot(*np.subtract(places["provide"], places[new.slug])) <= near[3]
    assert Layout.stored() == before
    assert alone.slug not in places

    assert lay_out_picture()[0] == 59
    after = Layout.stored()
    moves = [np.hypot(*np.subtract(after[key], place)) for key, place in before.items()]
    assert np.median(moves) < 0.1
    assert RegisterVersion.now().number > int(version.split("-", maxsplit=1)[0])


def test_a_large_register_is_drawn_in_part(client: Client, monkeypatch):
    monkeypatch.setattr(picture, "MOST_BODIES", 10)
    monkeypatch.setattr(picture, "MOST_LINES", 20)
    monkeypatch.setattr(picture, "LINES_OF_MANY", 12)
    points, lines = drawn(client, "/sharing/")
    assert (len(points), len(lines)) == (10, 12)
    assert not picture_now().is_whole
    assert "shows the 10 organisations" in client.get("/sharing/").content.decode()
    numbers = [int(number) for *_, number in points]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == max(len(in_force(each)) for each in Organisation.objects.all())


def test_where_not_all_pairs_are_counted(client: Client, monkeypatch):
    whole = picture_now().most
    monkeypatch.setattr(pairs, "MOST_PAIRS", 10)
    monkeypatch.setattr(pairs, "_cached", [])
    assert picture_now().most == whole
    assert len(drawn(client, "/sharing/")[1]) == 10


def test_no_picture_without_a_pair(client: Client, empty_register):
    assert lay_out_picture() == (0, 0)
    alone = OrganisationFactory()
    make_protocols(1, parties=[alone], status="published")
    assert lay_out_picture() == (0, 0)
    for address in ("/sharing/", alone.get_absolute_url()):
        page = client.get(address)
        assert page.status_code == 200
        assert "register-picture" not in page.content.decode()


def test_two_pairs_that_nothing_connects(empty_register):
    for _ in range(2):
        parties = [OrganisationFactory(), OrganisationFactory()]
        make_protocols(1, parties=parties, status="published")
    assert lay_out_picture() == (4, 4)
    assert lay_out_picture() == (4, 0)
    assert len(picture_now().lines) == 2

    # A third since then, beside none of those that have a place.
    parties = [OrganisationFactory(), OrganisationFactory()]
    make_protocols(1, parties=parties, status="published")
    shown = picture_now()
    assert len(shown.lines) == 3
    assert len({(point.x, point.y) for point in shown.points}) == 6


def test_a_canvas_without_room_becomes_higher():
    moved, height = separated(np.zeros((20, 2)), np.full((20, 2), 50.0), 120, 100)
    assert height > 500
    assert len(np.unique(moved, axis=0)) == 20


@pytest.mark.parametrize(("least", "most"), [(1, 1), (1, 3), (2, 13), (204, 49_381)])
def test_a_line_of_more_is_wider_and_none_is_too_wide(least, most):
    widths = [width_of(number, least, most) for number in np.linspace(least, most, 9, dtype=int)]
    assert widths == sorted(widths)
    assert widths[0] == 1.2
    assert widths[-1] <= 8
    assert least == most or widths[-1] > 2


@pytest.mark.parametrize(
    ("name", "acronym", "words"),
    [
        ("Provide", "P", ["Provide"]),
        (
            "Mid and South Essex University Hospitals",
            "",
            ["Mid and South Essex", "University Hospitals"],
        ),
        ("A name of many words that is far too long for two lines", "ANMW", ["ANMW"]),
        (
            "A name of many words that is far too long",
            "",
            ["A name of many words", "that is far too long"],
        ),
        (
            "One, two, three, four, five, six, seven, eight, nine",
            "",
            ["One, two, three, four,", "five, six, seven…"],
        ),
        ("A" * 40, "", ["A" * 22 + "…"]),
    ],
)
def test_the_words_of_a_point(name, acronym, words):
    assert words_of(name, acronym) == words
