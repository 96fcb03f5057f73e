"""Another partnership runs the register with a file of its own, and is told what is wrong in it."""

import re

import pytest

from weisf.partnership import read_partnership
from weisf.reference_form import reference_form

RIGHT = """
name = "Norfolk and Suffolk Sharing Partnership"
short_name = "NSSP"
register_name = "Data Sharing Agreements"
email = "sharing@nssp.example"
what_is_a_protocol = "One paragraph.\\n\\nAnother."
what_is_published = " Everything. "
how_to_publish = "Write to us."
"""

WRONG = {
    "no TOML": ("name = ", "which is not TOML in UTF-8"),
    "an unknown line": (RIGHT + 'colour = "red"', "'colour' is not a known line"),
    "a missing line": (RIGHT.replace("short_name", "# short_name"), "'short_name' must be text"),
    "a line that is a number": (RIGHT.replace('"NSSP"', "7"), "'short_name' must be text"),
    "an empty line": (RIGHT.replace('"NSSP"', '" "'), "'short_name' must be text"),
    "a page that is a number": (RIGHT + "page = 7", "'page' must be text"),
    "references that are a number": (RIGHT + "references = 4", "'references' must be text"),
    "references without a number": (RIGHT + 'references = "ISA"', "must have one {number}"),
    "references with two numbers": (
        RIGHT + 'references = "{number}-{number:3}"',
        "must have one {number}",
    ),
    "references with two years": (
        RIGHT + 'references = "{year}/{year}/{number}"',
        "one {year} at most",
    ),
    "references with another part": (RIGHT + 'references = "{month}/{number}"', "has '{month}'"),
    "references with nine digits": (RIGHT + 'references = "{number:9}"', "has '{number:9}'"),
    "references with an open brace": (RIGHT + 'references = "ISA-{number"', "has '{'"),
    "references with a space": (RIGHT + 'references = "ISA {number}"', "has 'ISA '"),
    "references with a tilde": (RIGHT + 'references = "ISA~{number}"', "has 'ISA~'"),
    "references that are too long": (
        RIGHT + f'references = "{"A" * 33}{{number}}"',
        "more than 40 characters",
    ),
    "an address without an @": (RIGHT.replace("@", " at "), "'email' is not an e-mail address"),
}


def test_every_line_becomes_a_field(tmp_path):
    (tmp_path / "partnership.toml").write_text(RIGHT)
    partnership = read_partnership(tmp_path / "partnership.toml")
    assert partnership.short_name == "NSSP"
    assert partnership.email == "sharing@nssp.example"
    assert partnership.what_is_a_protocol.split("\n\n") == ["One paragraph.", "Another."]
    assert partnership.what_is_published == "Everything."
    assert partnership.page == ""
    assert partnership.references == "{number:4}"


def test_the_partnership_of_the_demonstration_says_that_it_is_made_up(settings):
    example = read_partnership(settings.BASE_DIR / "demo/partnership.toml")
    assert "demonstration" in example.register_name
    assert "made up" in example.what_is_a_protocol
    assert example.email.endswith(".example")


READ = {
    "{number:4}": [
        ("0012", 12, None),
        ("12", 12, None),
        ("00012", 12, None),
        ("ISA-12", None, None),
    ],
    "{number}": [("7", 7, None), ("123456789", None, None)],
    "ISA-{number:3}": [("isa-12", 12, None), ("ISA-0123", 123, None), ("ISA-", None, None)],
    "FIP/{year}/{number}": [("fip/2021/14", 14, 2021), ("FIP/21/14", None, None)],
    "{year}{number:3}.x": [("2021004.X", 4, 2021), ("2021004,x", None, None)],
    "any": [("0012", None, None)],
}


@pytest.mark.parametrize(
    ("template", "reference", "number", "year"),
    [(template, *case) for template, cases in READ.items() for case in cases],
)
def test_a_form_reads_what_it_writes(template, reference, number, year):
    form = reference_form(template)
    said = form.read(reference)
    assert (said and said.number, said and said.year) == (number, year)
    if said is None:
        assert form.padded(reference) == reference
        assert form.digits(reference) == 0
        return
    assert form.read(form.write(said)) == said
    assert form.read(form.padded(reference)) == said
    assert re.search(form.sql_pattern(), reference, re.IGNORECASE)
    assert re.search(form.sql_pattern(year), reference, re.IGNORECASE)
    assert form.write(said, width=8).lower().count("0") >= form.write(said).lower().count("0")


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_refused_with_a_sentence_that_names_it(text, told, tmp_path):
    path = tmp_path / "partnership.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"names .*partnership\.toml, w") as refusal:
        read_partnership(path)
    assert told in str(refusal.value)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "partnership.toml"
    path.write_bytes(RIGHT.replace("NSSP", "Größe").encode("latin-1"))
    with pytest.raises(ValueError, match="which is not TOML in UTF-8"):
        read_partnership(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="which cannot be read: No such file"):
        read_partnership(tmp_path / "partnership.toml")
