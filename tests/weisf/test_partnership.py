"""Another partnership runs the register with a file of its own, and is told what is wrong in it."""

import pytest

from weisf.partnership import read_partnership

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


def test_the_partnership_of_the_demonstration_says_that_it_is_made_up(settings):
    example = read_partnership(settings.BASE_DIR / "demo/partnership.toml")
    assert "demonstration" in example.register_name
    assert "made up" in example.what_is_a_protocol
    assert example.email.endswith(".example")


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
