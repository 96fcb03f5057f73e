"""The description of the machine addresses is true: of all of them, and in every word."""

from __future__ import annotations

import json
import re

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.hypothesis.builder import (
    HypothesisTestConfig,
    HypothesisTestMode,
    create_test,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31

from registers.exports import organisations
from registers.exports.columns import COLUMNS
from registers.models import Slug, Theme
from registers.public import exports
from registers.public.cors import is_data_route
from registers.public.exports import FORMATS
from registers.public.fact_schemas import ORGANISATION_FACTS, PROTOCOL_FACTS
from registers.public.openapi import TAG
from registers.public.urls import READ_ONLY_PATTERNS, RESULTS_PARAMS
from tests import makers
from tests.lengths import LONG, times
from tests.public.asking import cached, connections_kept

pytestmark = pytest.mark.usefixtures("real_register", "today")

# How many random requests for each path and method.
EXAMPLES = times(2, long=500)


DRAFT = jsonschema_rs.Draft202012Validator


@pytest.fixture
def described(client: Client, real_register, today) -> dict:
    return client.get("/openapi.json").json()


def schema_of(described: dict, name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}", "components": described["components"]}


# What it is ------------------------------------------------------------------------------------


def test_it_is_openapi(described):
    assert described["openapi"].startswith("3.1.")
    DRAFT(OPENAPI_31).validate(described)
    for name, schema in described["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema)
        DRAFT(schema_of(described, name))


def test_every_machine_address_is_described_and_no_other(described):
    routes = {resolve(filled_in(path)).route for path in described["paths"]}
    assert routes == {
        str(way.pattern)
        for way in READ_ONLY_PATTERNS
        if str(way.pattern) and is_data_route(resolve(example(way)))
    }


def filled_in(path: str) -> str:
    for name, value in {"section": "pages", "reference": "0036", "slug": "essex-police"}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def example(way) -> str:
    filled = {"<str:extension>": "json", "<section>": "pages"}
    filled |= {"<reference:reference>.json": "0036.json", "<slug:slug>.json": "essex-police.json"}
    filled |= {"<reference:reference>/review": "0036/review"}
    path = f"/{way.pattern}"
    for part, value in filled.items():
        path = path.replace(part, value)
    return path if "<" not in path else "/"


def test_every_ending_is_described(described):
    for noun, expected in (
        ("protocols", FORMATS),
        ("organisations", exports.ORGANISATION_FORMATS),
        ("sharing", ("csv", "json")),
    ):
        started = [path for path in described["paths"] if path.startswith(f"/{noun}.")]
        assert [path.split(".")[1] for path in started] == list(expected)


def test_every_list_takes_the_whole_question(described):
    for path, item in described["paths"].items():
        if path.startswith("/protocols."):
            names = [each["$ref"].rpartition("/")[2] for each in item["get"]["parameters"]]
            own = ["modified_since"] if path.endswith(".json") else []
            assert names == [*RESULTS_PARAMS, *own, *TAG]


def test_a_protocol_has_the_published_columns(described):
    protocol = described["components"]["schemas"]["Protocol"]
    names = [column.name for column in COLUMNS]
    assert list(protocol["properties"]) == protocol["required"]
    assert protocol["required"][: len(names)] == names
    assert protocol["required"][len(names) :] == list(PROTOCOL_FACTS)
    assert protocol["additionalProperties"] is False
    meanings = [protocol["properties"][name]["description"] for name in names]
    assert meanings == [column.meaning for column in COLUMNS]


def test_an_organisation_has_the_published_columns(described):
    organisation = described["components"]["schemas"]["Organisation"]
    names = [column.name for column in organisations.COLUMNS]
    assert list(organisation["properties"]) == organisation["required"]
    assert organisation["required"] == [*names, *ORGANISATION_FACTS]


def test_a_theme_that_is_new_can_be_asked_for(described, client):
    asked = described["components"]["parameters"]["theme"]["schema"]["items"]["enum"]
    assert asked == list(Theme.objects.values_list("slug", flat=True))
    makers.ThemeFactory(name="Housing")
    later = client.get("/openapi.json").json()["components"]["parameters"]["theme"]
    assert "housing" in later["schema"]["items"]["enum"]


def test_each_address_that_refuses_an_unknown_parameter_says_so(described, client):
    refusing = set()
    for path, item in described["paths"].items():
        answer = client.get(f"{filled_in(path)}?colour=red")
        answer.close()
        if answer.status_code == 400:
            refusing.add(path)
            assert "400" in item["get"]["responses"], path
            assert "400" in item["head"]["responses"], path
    assert {"/news.atom", "/catalog.jsonld", "/openapi.json", "/protocols.json"} <= refusing


def test_its_examples_are_real(described, client):
    for path, item in described["paths"].items():
        for media in item["get"]["responses"]["200"]["content"].values():
            if "example" in media:
                real = client.get(f"{path}?status=all").getvalue()
                real = json.loads(real)
                shown = media["example"]
                assert shown == real | {"results": real["results"][:1]}
                assert shown["results"]
    for name, parameter in described["components"]["parameters"].items():
        if "example" in parameter:
            takes = {"letter": "/organisations.csv", "modified_since": "/protocols.json"}
            answer = client.get(takes.get(name, "/"), {name: parameter["example"]})
            assert answer.status_code == 200


def test_what_is_answered_about_a_rich_register_is_as_described(client, empty_register):
    makers.make_rich_register(1)
    described = client.get("/openapi.json").json()
    page = client.get("/protocols.json?status=all").getvalue().decode()
    answer = json.loads(page)
    DRAFT(schema_of(described, "Protocols")).validate(answer)
    page = client.get("/organisations.json").json()
    DRAFT(schema_of(described, "Organisations")).validate(page)
    for path, schema, results in (
        ("/protocols/{}.json", "Protocol", [each["reference"] for each in answer["results"]]),
        ("/organisations/{}.json", "OrganisationRecord", [e["slug"] for e in page["results"]]),
    ):
        for key in results:
            one = client.get(path.format(key)).json()
            DRAFT(schema_of(described, schema)).validate(one)
    page = client.get("/sharing.json").json()
    DRAFT(schema_of(described, "Pairs")).validate(page)
    # Null where something can be unknown, and only there.
    for name, schema in described["components"]["schemas"]["Protocol"]["properties"].items():
        nulls = any(each[name] is None for each in answer["results"])
        assert nulls <= ("null" in str(schema)), name


def test_an_empty_register_is_described_too(client, empty_register):
    described = client.get("/openapi.json").json()
    DRAFT(OPENAPI_31).validate(described)
    assert "example" not in described["components"]["parameters"]["organisation"]
    assert described["paths"]["/protocols.json"]["get"]


@pytest.mark.parametrize("letter", ["é", "İ", "7", "中"])
def test_any_letter_or_digit_is_one(client, letter):
    assert client.get("/organisations.csv", {"letter": letter}).status_code == 200


# Whether it is true ----------------------------------------------------------------------------


@pytest.fixture
def api(described):
    """The site in front of the real register, and what it says of itself."""
    asked = described["components"]["parameters"]
    # Which organisations there are is not said there, for they have several names each. None
    # may be named together with itself.
    slugs = Slug.objects.values_list("text", "organisation")
    for number, name in enumerate(("organisation", "with")):
        asked[name]["schema"]["items"]["enum"] = [
            text for text, organisation in slugs if organisation % 2 == number
        ]
    asked["pair_organisation"]["schema"]["enum"] = [text for text, _ in slugs]
    schema = schemathesis.openapi.from_dict(described)
    schema.app = cached()

    # Nor can be said what must be right between two values, or which days the register knows:
    # tests/public/test_bad_input.py, tests/public/test_lists_on_a_day.py.
    @schema.hook
    def filter_query(context, query):
        asked = query or {}
        first, last = (str(asked.get(name) or "") for name in ("review_from", "review_to"))
        on = str(asked.get("on") or "")
        unknown_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", on) and on != "2026-11-22"
        return not ((first and last and last < first) or unknown_day or (on and asked.get("q")))

    with connections_kept():
        yield schema


def not_again(operation, mode) -> bool:
    """Leave out the hundreds of systematic requests where the same code reads them again."""
    again = operation.method == "head" or (
        operation.path.startswith("/protocols.") and operation.path != "/protocols.json"
    )
    return mode != HypothesisTestMode.COVERAGE or not again or LONG


def try_out(api, operation) -> None:
    """Send requests that are right, ones that are just wrong, and methods that there are not."""
    config = HypothesisTestConfig(
        project=api.config,
        modes=[mode for mode in HypothesisTestMode if not_again(operation, mode)],
        settings=settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    create_test(operation=operation, test_func=answered_as_described, config=config)()


def answered_as_described(case):
    # What is compressed would have to be unpacked first, as every browser does.
    case.call_and_validate(headers={"Host": "localhost", "Accept-Encoding": "identity"})


@pytest.mark.has_long_form
def test_every_answer_is_as_described(api):
    for each in api.get_all_operations():
        try_out(api, each.ok())


LIES = {
    "a type": ("schemas", "Protocols", "properties", "count", {"type": "string"}),
    "never null": ("schemas", "Protocol", "properties", "version", {"type": "string"}),
    "a key": ("schemas", "Theme", "required", ["name", "slug", "colour"]),
    "a status": ("responses", "400", {"description": "Never.", "headers": {"No": {"required": 1}}}),
    "a value": ("parameters", "sort", "schema", {"type": "string", "enum": ["colour"]}),
    "a month": ("parameters", "review_to", "schema", {"type": "string", "maxLength": 3}),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_found(described, api, lie):
    *way, last, value = lie
    place = described["components"]
    for name in way:
        place = place[name]
    place[last] = value
    with pytest.raises(FailureGroup):
        try_out(api, api["/protocols.json"]["GET"])
