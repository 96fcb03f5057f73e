"""A passkey lets in on the site for which it was made, and on no other."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from tests.cast import door_of, somebody

PASSKEY = "/admin/second-factor/webauthn/login/"
HERE, ELSEWHERE = "register.example.org", "elsewhere.example"
# Somebody is there, and gave a PIN, finger or face.
SEEN = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class SoftKey:
    """A passkey in the hands of Edith."""

    def __init__(self, owner: User) -> None:
        self.owner, self.number = owner, b"the number of this key"
        self.private = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self.private.public_key())
        made = AttestedCredentialData.create(b"\0" * 16, self.number, public)
        data = AuthenticatorData.create(
            self.site(HERE), SEEN | AuthenticatorData.FLAG.AT, 0, bytes(made)
        )
        answer = {
            "clientDataJSON": self.client_data("create", b"", HERE),
            "attestationObject": websafe_encode(bytes(AttestationObject.create("none", data, {}))),
        }
        Authenticator.objects.create(
            user=owner, type="webauthn", data={"name": "Key", "credential": self.credential(answer)}
        )

    def site(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()

    def client_data(self, what: str, challenge: bytes, site: str) -> str:
        said = {"type": f"webauthn.{what}", "challenge": websafe_encode(challenge)}
        return websafe_encode(json.dumps(said | {"origin": f"https://{site}"}).encode())

    def credential(self, answer: dict[str, str]) -> dict[str, Any]:
        key = websafe_encode(self.number)
        return {"id": key, "rawId": key, "type": "public-key", "response": answer}

    def answer(self, challenge: str, *, page: str, site: str) -> dict[str, Any]:
        """Return what a browser sends that shows a page of `page`, signed for `site`."""
        data = bytes(AuthenticatorData.create(self.site(site), SEEN, 1))
        client = self.client_data("get", websafe_decode(challenge), page)
        signed = data + hashlib.sha256(websafe_decode(client)).digest()
        signature = self.private.sign(signed, ec.ECDSA(hashes.SHA256()))
        handle = websafe_encode(str(self.owner.pk).encode())
        return self.credential(
            {
                "clientDataJSON": client,
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": handle,
            }
        )


@pytest.mark.parametrize(
    ("page", "site"), [(HERE, HERE), (ELSEWHERE, ELSEWHERE), (ELSEWHERE, HERE)]
)
@pytest.mark.parametrize("is_editor", [True, False])
def test_a_passkey_of_another_site_is_refused(db, settings, page, site, is_editor):
    settings.SECOND_FACTOR, settings.ALLOWED_HOSTS = True, [HERE]
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    key = SoftKey(somebody("edith", "Editor", is_staff=is_editor))
    door = Client(HTTP_HOST=HERE)
    asked = door.get(PASSKEY, HTTP_ACCEPT="application/json").json()["request_options"]
    credential = key.answer(asked["publicKey"]["challenge"], page=page, site=site)
    answer = door.post(PASSKEY, {"credential": json.dumps(credential)})
    is_of_here = page == site == HERE
    assert (door.get("/admin/").status_code == 200) == (is_of_here and is_editor)
    if not is_of_here:
        told = door.get(answer.headers["Location"]).content.decode()
        assert "is not right, or was used before" in told
    elif not is_editor:
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "answer",
    [
        {"clientDataJSON": "!", "attestationObject": "!"},
        {"clientDataJSON": "AA", "attestationObject": "AA"},
        {"clientDataJSON": "e30", "attestationObject": "oA"},
    ],
)
def test_what_is_no_passkey_is_not_added(editor, answer):
    forged = {"rawId": "AA", "response": answer}
    door = door_of(editor)
    page = "/admin/second-factor/webauthn/add/"
    assert door.get(page).status_code == 200
    assert door.post(page, {"credential": json.dumps(forged)}).status_code == 400
    assert not Authenticator.objects.exists()
