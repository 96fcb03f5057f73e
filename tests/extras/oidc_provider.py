"""An OpenID Connect provider for tests: oidc-provider-mock, made to check PKCE too.

A program: it prints its port, and serves until its standard input ends. PUT /answers says what
some of its addresses answer instead: {"/jwks": [200, {"keys": []}]}.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
import werkzeug.serving

app = oidc_provider_mock.app()
answers: dict[str, Any] = {}
challenges: dict[str, str] = {}

if sys.version_info < (3, 12):
    # Its last release for Python 3.11 says neither by which key it signs, nor, where somebody
    # is denied, which log-in it was. Directories say both.
    _code = oidc_provider_mock._app.OpenIDCode
    _before = _code.get_jwt_config

    def _with_key(*given: Any, **named: Any) -> Any:
        config = _before(*given, **named)
        return config | {"kid": config["key"]["kid"]}

    _code.get_jwt_config = _with_key

    @app.after_request
    def add_state(response: flask.Response) -> flask.Response:
        if "error=access_denied" in (response.location or ""):
            response.location += f"&state={flask.request.args['state']}"
        return response


@app.before_request
def answer_otherwise() -> Any:
    if flask.request.path == "/answers":
        answers.clear()
        answers.update(flask.request.json)
        return "", 204
    if flask.request.path in answers:
        status, body = answers[flask.request.path]
        return flask.jsonify(body), status
    return None


@app.before_request
def check_pkce() -> Any:
    if flask.request.path != "/oauth2/token":
        return None
    verifier = flask.request.form.get("code_verifier", "").encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
    is_right = challenges.pop(flask.request.form["code"], None) == digest
    return None if is_right else (flask.jsonify(error="invalid_grant"), 400)


@app.after_request
def remember_challenge(response: flask.Response) -> flask.Response:
    for code in parse_qs(urlsplit(response.location or "").query).get("code", ()):
        if flask.request.args["code_challenge_method"] == "S256":
            challenges[code] = flask.request.args["code_challenge"]
    return response


if __name__ == "__main__":
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
