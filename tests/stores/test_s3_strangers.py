"""Image data at the object store is for the service alone, whoever may see the image."""

from __future__ import annotations

import random
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import object_store
import pytest
from people import Person, Service
from unreliable import Unreliable

MIB = 1 << 20
DATA = b"0123456789"
LARGE = random.Random(7).randbytes(12 * MIB)
PARTS = {"s3_store_large_object_size": 5, "s3_store_large_object_chunk_size": 5}

# The words in which S3 says who else may do something, and with which a URL is signed.
GRANTS = re.compile(rb"x-amz-(acl|grant)|[?&](acl|policy)\b", re.I)
SIGNED = ("X-Amz-Signature", "X-Amz-Credential", "AWSAccessKeyId")


@pytest.fixture
def sent() -> list[bytes]:
    """What the service has sent to the engine."""
    return []


@pytest.fixture
def way(engine: object_store.Swift, sent: list[bytes]) -> Iterator[Unreliable]:
    made = Unreliable(engine.port)
    made.losses = 1
    made.loses = lambda data: bool(sent.append(data))
    yield made
    made.close()


@pytest.fixture
def service(
    engine: object_store.Swift, bucket: str, way: Unreliable, make_service: Any
) -> Service:
    """A service with a store and staging in the engine, which tells where data is."""
    section = engine.options(bucket, s3_store_host=way.url, **PARTS)
    staging = {**section, "s3_store_prefix": "staging/"}
    made: Service = make_service(
        enabled_backends={"big": "s3"},
        big=section,
        os_glance_staging_store=staging,
        show_multiple_locations=True,
    )
    return made


def asked(engine: object_store.Swift, path: str, method: str = "GET", **headers: str) -> Any:
    """Status, headers and body of an answer of the engine, to a request without a signature."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{engine.url}{path}", headers=given, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.headers, exc.read()


def opened_to_everybody(engine: object_store.Swift, bucket: str) -> None:
    """What an access list would have done, by the engine's own API and as the owner."""
    keys = {"X_Auth_User": object_store.ACCESS_KEY, "X_Auth_Key": object_store.SECRET_KEY}
    _, headers, _ = asked(engine, "/auth/v1.0", **keys)
    token = {"X_Auth_Token": headers["X-Auth-Token"]}
    status, _, _ = asked(
        engine, f"/v1/AUTH_test/{bucket}", "POST", X_Container_Read=".r:*", **token
    )
    assert status == 204


def test_strangers_get_nothing_of_a_public_image_at_the_engine(
    engine: object_store.Swift, bucket: str, service: Service, admin: Person, alice: Person
) -> None:
    admin.active(DATA, visibility="public")
    staged = alice.create(visibility="shared")["id"]
    assert alice.stage(staged, DATA).status_code == 204
    keys = engine.objects(bucket)
    assert len(keys) == 2
    stranger = engine.client("test:stranger")

    for key in keys:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            stranger.get_object(Bucket=bucket, Key=key)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert asked(engine, f"/v1/AUTH_test/{bucket}/{key}")[0] == 401
        # Without a signature this engine takes it for a request to its own API, and a bad one.
        status, _, body = asked(engine, f"/{bucket}/{key}")
        assert status == 400
        assert DATA not in body

    # The same request gets the data where an access list says so: the place was the right one.
    opened_to_everybody(engine, bucket)
    assert asked(engine, f"/v1/AUTH_test/{bucket}/{keys[0]}")[2] == DATA


def test_no_write_says_that_anybody_else_may_do_something(
    engine: object_store.Swift,
    bucket: str,
    service: Service,
    admin: Person,
    alice: Person,
    sent: list[bytes],
) -> None:
    for data in (DATA, LARGE):
        admin.active(data, visibility="public")
    imported = alice.create()["id"]
    assert alice.stage(imported, DATA).status_code == 204
    assert alice.import_(imported).status_code == 202
    service.work()
    assert alice.set(imported, visibility="community").status_code == 200
    assert alice.delete(f"/v2/images/{imported}").status_code == 204

    everything = b"\n".join(sent)
    for line in (b"PUT ", b"POST ", b"DELETE ", b"uploadId="):
        assert line in everything, line
    assert GRANTS.findall(everything) == []


def test_no_answer_says_how_to_get_around_the_service(
    service: Service, admin: Person, alice: Person
) -> None:
    image_id = admin.active(DATA, visibility="public")["id"]
    paths = ("", f"/{image_id}", f"/{image_id}/locations", f"/{image_id}/file")

    for person in (admin, alice):
        answers = [person.get(f"/v2/images{path}") for path in paths]
        answers += [person.get("/v2/info/stores"), person.get("/v2/info/stores/detail")]
        for answer in answers:
            told = f"{answer.headers}{answer.text}"
            assert not [word for word in SIGNED if word.lower() in told.lower()]
            assert object_store.SECRET_KEY not in told
