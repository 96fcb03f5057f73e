"""What every path of the description shares: statuses, headers, and how one is put together."""

from __future__ import annotations

from typing import Any

from registers.public.crossing import OPEN
from registers.public.schemas import ref

TEXT = {"type": "string"}


def header(words: str, schema: dict[str, Any] = TEXT, *, always: bool = False) -> dict[str, Any]:
    """Return the description of a header. `always`: it is there in every such answer."""
    return {"description": words, "schema": schema} | ({"required": True} if always else {})


HEADERS = {
    **{
        name: header("For browsers.", {"const": value}, always=True) for name, value in OPEN.items()
    },
    "ETag": header("What to send as If-None-Match. A very long query string gets none."),
    "Cache-Control": header("How long proxies may keep it. Browsers ask each time."),
    "Vary": header("It is compressed as Accept-Encoding asks."),
    "Link": header(
        "The pages around this one (next, prev, first, last), this description and the page for"
        " people. What would make it longer than 2,000 characters is left out.",
        always=True,
    ),
    "Content-Disposition": header("A name for the file.", always=True),
}
EVERY = list(OPEN)
KEPT = ["ETag", "Cache-Control", "Vary"]


def answer(
    words: str, content: dict[str, Any] | None, *headers: str, kept: bool = False
) -> dict[str, Any]:
    """Return the description of an answer. `kept`: it has a tag, and proxies may keep it."""
    told = [*EVERY, *headers, *(KEPT if kept else [])]
    body = {"content": content} if content else {}
    return {
        "description": words,
        "headers": {name: ref(name, "headers") for name in told},
    } | body


def problem(words: str) -> dict[str, Any]:
    """Return the description of an error."""
    return answer(words, {"application/problem+json": {"schema": ref("Problem")}})


RESPONSES = {
    "304": answer("Nothing has changed since the answer with this tag.", None, kept=True),
    "400": problem("What is asked for cannot be right. `errors` names each parameter."),
    "404": problem("There is no such page or file."),
    "414": {
        "description": "The line of the request is longer than 8,190 bytes. Ask for less.",
        "content": {"text/html": {"schema": TEXT}},
    },
    "503": answer("It is not ready. The words say why.", {"text/plain": {"schema": TEXT}}),
}


def item(
    name: str,
    summary: str,
    good: dict[str, Any],
    statuses: list[str],
    parameters: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the description of a path that can be read: GET with its body, HEAD without."""
    others = {status: ref(status, "responses") for status in statuses}
    bare = {key: value for key, value in good.items() if key != "content"}
    about = {"summary": summary, "parameters": parameters}
    return {
        "get": about | {"operationId": name, "responses": {"200": good} | others},
        "head": about | {"operationId": f"{name}-head", "responses": {"200": bare} | others},
    }
