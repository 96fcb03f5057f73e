"""Another partnership runs the register with a file of its own, and is told what is wrong in it."""

import datetime
import re

import pytest

from weisf.partnership import AccessibilityStatement, ReviewRule, read_partnership
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

STATEMENT = """
[accessibility]
compliance = "partially"
tested_by = "an auditor"
tested_on = 2026-11-28
prepared_on = 2026-11-29
method = ["axe"]
"""

WRONG = {
    "no TOML": ("name = ", "which is not TOML in UTF-8"),
    "an unknown line": (RIGHT + 'colour = "red"', "'colour' is not a known line"),
    "a missing line": (RIGHT.replace("short_name", "# short_name"), "'short_name' must be text"),
    "a line that is a number": (RIGHT.replace('"NSSP"', "7"), "'short_name' must be text"),
    "an empty line": (RIGHT.replace('"NSSP"', '" "'), "'short_name' must be text"),
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
    "a question that is empty": (RIGHT + 'question = " "', "'question' must be text"),
    "examples that are one text": (
        RIGHT + 'example_searches = "a"',
        "'example_searches' must be a",
    ),
    "an empty example": (RIGHT + 'example_searches = [""]', "'example_searches' must be a list"),
    "an example that is long": (RIGHT + f'example_searches = ["{"a" * 41}"]', "41 characters"),
    "a contact without a domain": (RIGHT + 'public_contacts = ["nssp"]', "has 'nssp'"),
    "a contact that is no number": (RIGHT + 'public_contacts = ["01632"]', "has '01632'"),
    "abbreviations that are no table": (RIGHT + "abbreviations = 3", "'abbreviations' must be a"),
    "an abbreviation of two words": (RIGHT + '[abbreviations]\n"A B" = "a"', "has 'A B'"),
    "an abbreviation without meaning": (
        RIGHT + '[abbreviations]\nAB = ""',
        "'abbreviations.AB' must be text",
    ),
    "complaints to an address that is none": (
        RIGHT + STATEMENT + 'enforcement = "a"\nenforcement_url = "javascript:a"',
        "Write an address that begins with https:// or http://",
    ),
    "an address for complaints without words": (
        RIGHT + STATEMENT + 'enforcement_url = "https://body.example/"',
        "'accessibility.enforcement' is missing",
    ),
    "a review that is no table": (RIGHT + "review = 3", "'review' must be a table"),
    "no months of notice": (RIGHT + "[review]\nmonths_of_notice = 0", "months from 1 to 11"),
    "a year of grace": (RIGHT + "[review]\nmonths_of_grace = 12", "'review.months_of_grace' must"),
    "approvers reminded after no day": (
        RIGHT + "[review]\napproval_reminder_days = 0",
        "days from 1 to 365",
    ),
    "a review in no year": (RIGHT + "[review]\nyears_ahead = 0", "years from 1 to 50"),
    "notice that is true": (RIGHT + "[review]\nmonths_of_notice = true", "must be a number"),
    "a rule of another part": (RIGHT + '[review]\nrule = "{months}"', "has '{months}'"),
    "a rule without its grace": (
        RIGHT + '[review]\nrule = "{grace}"',
        "'review.months_of_grace' is missing",
    ),
    "an unknown line of a rule": (RIGHT + "[review]\nmonths = 3", "'review.months' is not a known"),
    "a statement without its facts": (RIGHT + "[accessibility]", "'accessibility.compliance' must"),
    "a statement that is sure": (
        RIGHT + STATEMENT.replace("partially", "wholly"),
        "Choose one of fully, partially, not",
    ),
    "a test on a text": (
        RIGHT + STATEMENT.replace("= 2026-11-28", '= "2026-11-28"'),
        "'accessibility.tested_on' must be a day",
    ),
    "a test at a time": (
        RIGHT + STATEMENT.replace("= 2026-11-28", "= 2026-11-28T10:00:00"),
        "'accessibility.tested_on' must be a day",
    ),
    "a test without a method": (
        RIGHT + STATEMENT.replace('["axe"]', "[]"),
        "'accessibility.method'",
    ),
    "a logo without words": (RIGHT + '[logo]\nfile = "logo.svg"', "'logo.alt' must be text"),
    "a logo with a size": (RIGHT + "[logo]\nsize = 3", "'logo.size' is not a known line"),
    "a scheme that is unknown": (RIGHT + "[colours.grey]", "'colours.grey' is not a known line"),
    "a colour that is unknown": (
        RIGHT + '[colours.light]\nfooter = "#000000"',
        "'colours.light.footer' is not a known line",
    ),
    "a colour by its name": (
        RIGHT + '[colours.light]\nlink = "blue"\n[colours.dark]\nlink = "#83c9ee"',
        "'link' is 'blue'",
    ),
    "a colour in light alone": (
        RIGHT + '[colours.light]\nlink = "#0b5a8a"',
        "'colours.dark.link' is missing",
    ),
    "a colour in dark alone": (
        RIGHT + '[colours.dark]\nlink = "#83c9ee"',
        "'colours.light.link' is missing",
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
    assert (partnership.references, partnership.reference_template) == ("", "any")
    assert partnership.review == ReviewRule(months_of_notice=3, months_of_grace=None, rule="")
    assert (partnership.accessibility, partnership.logo) == (None, None)
    assert partnership.branding_files == {}


def test_tables_are_read(tmp_path):
    rule = (
        '[review]\nmonths_of_notice = 1\nmonths_of_grace = 4\nrule = "{notice}, {grace}, {grace}"'
    )
    (tmp_path / "partnership.toml").write_text(RIGHT + rule + STATEMENT)
    partnership = read_partnership(tmp_path / "partnership.toml")
    assert partnership.review.words == "1 month, 4 months, 4 months"
    assert partnership.accessibility == AccessibilityStatement(
        compliance="partially",
        tested_by="an auditor",
        tested_on=datetime.date(2026, 11, 28),
        prepared_on=datetime.date(2026, 11, 29),
        method=("axe",),
    )


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("office@nssp.example", True),
        ("Office@NSSP.example", True),
        ("joe@nssp.example", False),
        ("any@council.example", True),
        ("any@sub.council.example", False),
        ("any@council.example.org", False),
    ],
)
def test_mailboxes_of_a_role_may_be_published(tmp_path, address, allowed):
    line = 'public_contacts = ["office@nssp.example", "@Council.example"]'
    (tmp_path / "partnership.toml").write_text(RIGHT + line)
    assert read_partnership(tmp_path / "partnership.toml").may_publish(address) is allowed


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("01632 960123", True),
        ("(01632) 960 123", True),
        ("+44 1632 960123", True),
        ("+44 (0)1632 960123", True),
        ("0044 1632 960123", True),
        ("01632 960124", False),
        ("1632 960123", False),
    ],
)
def test_telephones_of_a_role_may_be_published(tmp_path, number, allowed):
    line = 'public_contacts = ["office@nssp.example", "01632 960123"]'
    (tmp_path / "partnership.toml").write_text(RIGHT + line)
    assert read_partnership(tmp_path / "partnership.toml").may_publish_telephone(number) is allowed


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


def test_a_logo_is_read_from_beside_the_file(tmp_path):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"></svg>'
    (tmp_path / "logo.svg").write_text(svg)
    path = tmp_path / "partnership.toml"
    path.write_text(f'{RIGHT}[logo]\nfile = "logo.svg"\nalt = "Ours"\n')
    logo = read_partnership(path).logo
    assert logo
    assert logo.image
    assert logo.image.body == svg.encode()


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "partnership.toml"
    path.write_bytes(RIGHT.replace("NSSP", "Größe").encode("latin-1"))
    with pytest.raises(ValueError, match="which is not TOML in UTF-8"):
        read_partnership(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="which cannot be read: No such file"):
        read_partnership(tmp_path / "partnership.toml")
