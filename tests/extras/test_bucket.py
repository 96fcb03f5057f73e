"""Papers in a bucket: through the register's own doors, with Amazon's answers imitated."""

from __future__ import annotations

import boto3
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from moto import mock_aws

from registers.models import Document, EarlierVersion, FormDraftFile
from tests import papers
from tests.admin.typing_in import add_row, errors, row_of, send
from tests.public.pages import text
from weisf.storage import read_storage

EDIT = "/admin/registers/protocol/0046/change/"
URL = "s3://key:secret%2Fodd@s3.eu-west-2.amazonaws.com/our-papers/register?region=eu-west-2"


@pytest.fixture
def bucket(monkeypatch, settings, real_register):
    """An empty private bucket, which the register is told of."""
    monkeypatch.setenv("PAPERS_URL", URL)
    with mock_aws():
        settings.STORAGES = {**settings.STORAGES, "default": read_storage()}
        made = boto3.resource("s3", region_name="eu-west-2").create_bucket(
            Bucket="our-papers", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
        )
        yield made


def upload(door: Client, content: bytes = papers.pdf()) -> object:
    paper = SimpleUploadedFile("signed.pdf", content)
    return send(door, EDIT, **add_row(door, EDIT, "documents", title="Signed copy", file=paper))


def test_a_paper_is_kept_in_the_bucket_and_read_through_the_register(
    officers_door, bucket, client: Client
):
    upload(officers_door)
    document = Document.objects.get()
    [stored] = bucket.objects.all()
    assert stored.key == f"register/{document.file.name}"
    grants = stored.Acl().grants
    assert {grant["Permission"] for grant in grants} == {"FULL_CONTROL"}
    assert "AllUsers" not in str(grants)
    page = client.get("/protocols/0046/").content.decode()
    assert "amazonaws" not in page
    answer = client.get(document.get_absolute_url())
    assert answer.getvalue() == papers.pdf()
    assert answer["Content-Length"] == str(len(papers.pdf()))
    assert client.head(document.get_absolute_url())["Content-Length"] == str(len(papers.pdf()))


def test_a_replaced_one_stays_there(officers_door, bucket, client: Client):
    upload(officers_door)
    row = row_of(officers_door, EDIT, "documents", "id", Document.objects.get().pk)
    newer = SimpleUploadedFile("newer.odt", papers.odt())
    send(officers_door, EDIT, **{f"{row}file": newer})
    version = EarlierVersion.objects.get()
    assert client.get(version.get_absolute_url()).getvalue() == papers.pdf()
    assert len(list(bucket.objects.all())) == 2


def test_a_refused_save_leaves_only_the_file_of_its_draft_there(officers_door, bucket):
    paper = SimpleUploadedFile("signed.pdf", papers.pdf())
    row = add_row(officers_door, EDIT, "documents", title="A", file=paper)
    assert "today or in the past" in errors(
        send(officers_door, EDIT, **row, published_on="31/12/2099")
    )
    (left,) = bucket.objects.all()
    assert left.key == f"register/{FormDraftFile.objects.get().file.name}"


def test_a_paper_that_is_not_there(officers_door, bucket, client: Client):
    upload(officers_door)
    bucket.objects.all().delete()
    document = Document.objects.get()
    for answer in (client.get, client.head):
        assert answer(document.get_absolute_url()).status_code == 404
    assert "This file is not here" in text(client.get(document.get_absolute_url()))


def test_a_bucket_that_does_not_answer(officers_door, bucket, client: Client):
    upload(officers_door)
    bucket.objects.all().delete()
    bucket.delete()
    assert "This file could not be stored" in errors(upload(officers_door))
    assert Document.objects.count() == 1


def test_a_bucket_out_of_reach(officers_door, bucket, client: Client, monkeypatch, settings):
    upload(officers_door)
    monkeypatch.setenv("PAPERS_URL", URL.replace("amazonaws.com", "amazonaws.com:9"))
    settings.STORAGES = {**settings.STORAGES, "default": read_storage()}
    address = Document.objects.get().get_absolute_url()
    for answer in (client.get(address), client.head(address)):
        assert answer.status_code == 503
    assert "This file cannot be opened at the moment" in text(client.get(address))


def test_the_storage_is_ours(bucket):
    assert type(storages["default"]).__name__ == "PrivateS3Storage"


def test_its_address_is_read(monkeypatch):
    monkeypatch.setenv(
        "PAPERS_URL",
        "s3://key:a%2Fb@s3.eu-west-2.amazonaws.com/our-papers/of/ours?region=eu-west-2",
    )
    assert read_storage() == {
        "BACKEND": "weisf.s3_storage.PrivateS3Storage",
        "OPTIONS": {
            "endpoint_url": "https://s3.eu-west-2.amazonaws.com",
            "bucket_name": "our-papers",
            "location": "of/ours",
            "region_name": "eu-west-2",
            "access_key": "key",
            "secret_key": "a/b",
        },
    }


def test_it_may_be_on_this_machine_and_need_no_key(monkeypatch):
    monkeypatch.setenv("PAPERS_URL", "s3+http://[::1]:9000/papers")
    options = read_storage()["OPTIONS"]
    assert options["endpoint_url"] == "http://[::1]:9000"
    assert options["access_key"] is options["secret_key"] is options["region_name"] is None
