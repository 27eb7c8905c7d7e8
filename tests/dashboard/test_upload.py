"""New images and their data, from a browser without scripts and from the script of the page."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from people import OCTETS

from glance_shim.core import import_steps, tasks
from glance_shim.dashboard import upload

JSON = {"Accept": "application/json"}
DETAILS = {
    "name": "golden",
    "description": "made by hand",
    "disk_format": "raw",
    "container_format": "bare",
    "visibility": "private",
    "min_disk": "2",
    "min_ram": "",
    "tags": "linux, blessed",
    "source": "file",
}


def token(browser: Any, path: str = "/dashboard/images/new") -> str:
    return str(browser.open(path).value("csrf_token"))


def post(
    browser: Any,
    data: bytes | None,
    path: str = "/dashboard/images/new",
    headers: dict[str, str] | None = None,
    **fields: str,
) -> Any:
    """Send the form of the page with a file, and go where that leads."""
    csrf = token(browser, path)
    form: dict[str, Any] = {"csrf_token": csrf, **DETAILS, **fields}
    if data is not None:
        form["file"] = (io.BytesIO(data), "golden.img")
    return browser._request(
        "POST", path, data=form, content_type="multipart/form-data", headers=headers or {}
    )


def test_a_form_makes_an_image_and_brings_its_data(olga: Any) -> None:
    post(olga.browser, b"0123456789")

    [image_id] = olga.api.ids()
    image = olga.api.show(image_id)
    assert {name: image[name] for name in ("name", "description", "status", "size")} == {
        "name": "golden",
        "description": "made by hand",
        "status": "active",
        "size": 10,
    }
    assert (image["visibility"], image["min_disk"], image["min_ram"]) == ("private", 2, 0)
    assert sorted(image["tags"]) == ["blessed", "linux"]
    assert olga.api.get(f"/v2/images/{image_id}/file").data == b"0123456789"
    assert olga.browser.path == f"/dashboard/images/{image_id}"
    assert image["os_hash_value"] in olga.browser.response.text
    assert "10 bytes" in olga.browser.response.text


def test_a_script_makes_the_image_and_sends_the_data_by_itself(olga: Any) -> None:
    csrf = token(olga.browser)
    # More than any form may have.
    data = bytes(2 * olga.service.deployment.config.max_json_body)
    answer = olga.browser.client.post(
        "/dashboard/images/new",
        data={**DETAILS},
        content_type="multipart/form-data",
        headers={**JSON, "X-CSRF-Token": csrf},
    )
    assert answer.status_code == 201
    assert olga.api.show(answer.json["id"])["status"] == "queued"

    sent = olga.browser.client.put(
        answer.json["send"],
        data=data,
        content_type=OCTETS,
        headers={**JSON, "X-CSRF-Token": csrf},
    )

    assert sent.status_code == 204
    assert olga.api.show(answer.json["id"])["size"] == len(data)
    olga.browser.open(answer.json["again"])
    assert olga.browser.path == f"/dashboard/images/{answer.json['id']}"
    assert "has arrived: 2.0 MiB" in olga.browser.response.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "x" * 300}, "name"),
        ({"disk_format": "floppy"}, "disk_format"),
        ({"min_disk": "much"}, "min_disk"),
        ({"min_ram": "9" * 30}, "min_ram"),
        ({"visibility": "secret"}, "visibility"),
        ({"visibility": "public"}, "publicize_image"),
    ],
)
def test_what_is_wrong_is_said_and_the_fields_keep_their_values(
    olga: Any, fields: dict[str, str], words: str
) -> None:
    post(olga.browser, b"data", **fields)

    assert olga.browser.status in (400, 403)
    assert words in olga.browser.text
    assert olga.browser.value("description") == "made by hand"
    assert olga.api.ids() == []


def test_data_that_is_refused_can_be_brought_again(olga: Any) -> None:
    post(olga.browser, b"no qcow2 at all", disk_format="qcow2")

    [image_id] = olga.api.ids()
    assert olga.browser.path == f"/dashboard/images/{image_id}/upload"
    assert "its content is raw" in olga.browser.text
    assert olga.api.show(image_id)["status"] == "queued"
    olga.api.set(image_id, disk_format="raw")
    post(olga.browser, b"0123456789", path=f"/dashboard/images/{image_id}/upload")
    assert olga.api.show(image_id)["status"] == "active"


def test_a_form_without_a_file_says_so(olga: Any) -> None:
    post(olga.browser, None)

    assert "Choose a file" in olga.browser.text


def test_a_form_of_another_site_brings_nothing(olga: Any, service: Any) -> None:
    olga.browser.open("/dashboard/images/new")
    for csrf in ("", "guessed"):
        answer = olga.browser.client.post(
            "/dashboard/images/new",
            data={**DETAILS, "csrf_token": csrf, "file": (io.BytesIO(b"data"), "x")},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 403

    image_id = olga.api.create()["id"]
    for path in ("data", "upload"):
        url = f"/dashboard/images/{image_id}/{path}"
        method = "PUT" if path == "data" else "POST"
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        body = b"--x--\r\n"
        answer = olga.browser.client.open(url, method=method, data=body, headers=headers)
        assert answer.status_code == 403, path
    assert olga.api.ids() == [image_id]
    assert service.blobs() == []


def test_a_session_that_has_ended_is_told_to_the_script_in_its_language(olga: Any) -> None:
    image_id = olga.api.create()["id"]
    csrf = token(olga.browser)
    olga.browser.press("Log out")

    answer = olga.browser.client.put(
        f"/dashboard/images/{image_id}/data",
        data=b"data",
        content_type=OCTETS,
        headers={**JSON, "X-CSRF-Token": csrf},
    )

    assert answer.status_code == 401
    assert "error" in answer.json


def test_nobody_brings_data_for_an_image_of_somebody_else(olga: Any, adam: Any) -> None:
    image_id = olga.api.create(visibility="community")["id"]
    csrf = token(adam.browser)

    answer = adam.browser.client.put(
        f"/dashboard/images/{image_id}/data",
        data=b"data",
        content_type=OCTETS,
        headers={**JSON, "X-CSRF-Token": csrf},
    )

    assert answer.status_code == 403
    assert adam.browser.open(f"/dashboard/images/{image_id}/upload").status == 403
    assert olga.api.show(image_id)["status"] == "queued"


def test_a_form_that_is_cut_off_leaves_the_image_without_data(olga: Any, service: Any) -> None:
    image_id = olga.api.create()["id"]
    path = f"/dashboard/images/{image_id}/upload"
    csrf = token(olga.browser, path)
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{csrf}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf of it'
    )

    olga.browser._request(
        "POST", path, data=body, content_type="multipart/form-data; boundary=x"
    )

    assert "ends too early" in olga.browser.text
    assert olga.api.show(image_id)["status"] == "queued"
    assert service.blobs() == []


def test_who_may_not_make_images_is_told_so(rita: Any) -> None:
    post(rita.browser, b"data")

    assert rita.browser.status == 403
    assert rita.api.ids() == []


@pytest.fixture
def service(make_service: Any, reaching: Any) -> Any:
    """A service that may fetch from the web server of the tests."""
    return make_service(import_filtering_opts=reaching)


def test_data_comes_from_the_web_with_its_progress_shown(
    olga: Any, source: str, service: Any
) -> None:
    post(olga.browser, None, source="web", uri=f"{source}/data")

    [image_id] = olga.api.ids()
    assert olga.browser.path == f"/dashboard/images/{image_id}/progress"
    assert "waiting to begin" in olga.browser.text
    olga.browser.open(f"/dashboard/images/{image_id}/upload")
    assert olga.browser.path.endswith("/progress"), "an import at work shows its progress"
    service.work()
    olga.browser.follow("Look again")
    assert "done" in olga.browser.text
    assert "10 bytes" in olga.browser.text
    assert olga.api.show(image_id)["os_hash_value"] in olga.browser.text


def test_an_import_that_fails_says_why_and_can_be_tried_again(
    olga: Any, source: str, service: Any
) -> None:
    post(olga.browser, None, source="web", uri=f"{source}/short")
    service.work()

    olga.browser.follow("Look again")

    assert "failed" in olga.browser.text
    assert "ended early" in olga.browser.text
    olga.browser.follow("Try again")
    assert olga.browser.title == "Data for golden"


def test_an_import_that_fails_while_it_is_looked_at_can_be_tried_again_too(
    olga: Any, source: str, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(olga.browser, None, source="web", uri=f"{source}/short")
    failing, looked_at = threading.Event(), threading.Event()
    worker = threading.Thread(target=service.work)
    give_up, get_all_of_image = import_steps.give_up, tasks.get_all_of_image

    def give_up_once_looked_at(job: Any) -> None:
        failing.set()
        looked_at.wait(60)
        give_up(job)

    def get_all_once_given_up(*args: Any) -> Any:
        looked_at.set()
        worker.join()
        return get_all_of_image(*args)

    monkeypatch.setattr(import_steps, "give_up", give_up_once_looked_at)
    monkeypatch.setattr(tasks, "get_all_of_image", get_all_once_given_up)
    worker.start()
    assert failing.wait(60)

    olga.browser.follow("Look again")

    assert "ended early" in olga.browser.text
    olga.browser.follow("Try again")
    assert olga.browser.title == "Data for golden"


def test_an_address_that_may_not_be_fetched_from_is_refused_at_once(olga: Any) -> None:
    post(olga.browser, None, source="web", uri="http://169.254.169.254/latest")

    [image_id] = olga.api.ids()
    assert olga.browser.path == f"/dashboard/images/{image_id}/upload"
    assert "169.254.169.254" in olga.browser.text


def test_a_refused_form_is_listened_to_only_for_a_while(
    olga: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "LISTEN_SECONDS", 0)
    post(olga.browser, b"data", disk_format="floppy")

    assert olga.browser.status == 400


def test_a_server_full_of_transfers_says_so_in_the_browser_too(olga: Any) -> None:
    image_id = olga.api.create()["id"]
    full = olga.api.active()["id"]
    csrf, transfers = token(olga.browser), olga.service.deployment.transfers
    others = [begin() for begin in (transfers.upload, transfers.download) for _ in range(30)]

    client = olga.browser.client
    sent = client.put(
        f"/dashboard/images/{image_id}/data",
        data=b"0123456789",
        content_type=OCTETS,
        headers={**JSON, "X-CSRF-Token": csrf},
    )
    taken = client.get(f"/dashboard/images/{full}/data")
    for each in others:
        each.close()

    assert (sent.status_code, taken.status_code) == (503, 503)
    assert taken.headers["Retry-After"] == "5"
    assert olga.api.show(image_id)["status"] == "queued"
