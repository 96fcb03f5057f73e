"""Single sign-on settings: the directory (OpenID Connect), and what its groups are here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec

from weisf.environment import env, refuse

GROUPS = ("Editor", "Publisher", "Administrator")
# https, or http on this machine; a subject is stored beside this address, in 200 characters.
ADDRESS = r"(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^\s?#]*)?"
LONGEST = 200


@dataclass(frozen=True)
class SingleSignOn:
    """A directory, and which of its groups is which group of the register."""

    server_url: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    groups_claim: str
    groups: dict[str, str]


def read_single_sign_on() -> SingleSignOn | None:
    """Return what the settings say, or None without OIDC_SERVER_URL.

    Raises ImproperlyConfigured.
    """
    url = str(env.str("OIDC_SERVER_URL", "")).rstrip("/")
    if not url:
        return None
    if len(url) > LONGEST or not re.fullmatch(ADDRESS, url):
        raise refuse("OIDC_SERVER_URL", f"is '{url}'. Write https:// and the directory's address.")
    found = SingleSignOn(
        server_url=url,
        client_id=_word("OIDC_CLIENT_ID", env.str("OIDC_CLIENT_ID", "")),
        client_secret=_word("OIDC_CLIENT_SECRET", env.str("OIDC_CLIENT_SECRET", "")),
        name=str(env.str("OIDC_NAME", "single sign-on")),
        groups_claim=_word("OIDC_GROUPS_CLAIM", env.str("OIDC_GROUPS_CLAIM", "groups")),
        groups=_read_groups(env.str("OIDC_GROUPS", "")),
    )
    if not found.name.isprintable() or not found.name.strip():
        raise refuse("OIDC_NAME", "cannot be read. Write the directory's name in one line.")
    if not (find_spec("jwt") and find_spec("requests")):
        raise refuse(
            "OIDC_SERVER_URL",
            "names a directory, for which packages are missing. Install them: "
            "make setup EXTRAS=oidc (for an image: docker build --build-arg EXTRAS=oidc).",
        )
    return found


def _word(name: str, value: str) -> str:
    """Return a setting of one word. No message shows it, for one of them is secret."""
    if not re.fullmatch(r"\S+", value):
        raise refuse(name, "is missing or holds a space. Copy it from the directory.")
    return value


def _read_groups(text: str) -> dict[str, str]:
    """Return our group by the directory's. One of its names may hold '=' and ','."""
    groups: dict[str, str] = {}
    for entry in filter(None, map(str.strip, re.split(r"[;\n]", text))):
        theirs, _, ours = (part.strip() for part in entry.rpartition("="))
        if not theirs or ours not in GROUPS or theirs in groups:
            raise refuse(
                "OIDC_GROUPS",
                f"holds '{entry}'. Write each group of the directory once, like "
                f"'its name = Editor', with a semicolon between two. Ours are {', '.join(GROUPS)}.",
            )
        groups[theirs] = ours
    if not groups:
        raise refuse("OIDC_GROUPS", "is empty, so nobody could log in. Write 'its group = Editor'.")
    return groups
