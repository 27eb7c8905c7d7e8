"""``glance-shim adopt``: the catalogue of another service, and everything about it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import catalogs
import pytest
from two_services import Place, report

from glance_shim.cli import moving
from glance_shim.db import connection
from glance_shim.db.models.images import Image
from glance_shim.moving.report import COPIED, Result

COUNT = 40


def adopt(here: Place, there: Place, *words: str, options: str = "") -> dict[str, Any]:
    """The report of a run, whose exit code says whether something is left to do."""
    told = here.run(
        "adopt", "--format", "json", *words, other=there.variables(), options=options
    )
    found = report(told)
    left = [each for each in found["results"] if each["result"] in ("differs", "failed")]
    assert told.exit_code == (1 if left else 0), told.output
    return found


def only(found: dict[str, Any]) -> dict[str, Any]:
    """The one result of a report."""
    (result,) = found["results"]
    return result


def test_everything_is_as_it_was(here: Place, there: Place, last_year: Any) -> None:
    ids = last_year(there, COUNT)

    found = adopt(here, there)

    assert found["images"]["copied"] == len(ids) and found["namespaces"]["copied"] == 1
    assert not found["kept_otherwise"]
    wanted, brought = catalogs.read(there.http), catalogs.read(here.http)
    assert len(wanted) == COUNT
    assert not catalogs.different(wanted, brought)
    assert catalogs.read_definitions(here.http) == catalogs.read_definitions(there.http)


def test_a_dry_run_only_says_what_would_be_done(
    here: Place, there: Place, last_year: Any
) -> None:
    last_year(there, 12)

    found = adopt(here, there, "--dry-run")

    assert found["dry_run"] and found["images"]["copied"] == 12
    assert not catalogs.read(here.http) and not catalogs.read_definitions(here.http)
    assert not here.service.blobs()


def test_a_second_run_does_nothing(here: Place, there: Place, last_year: Any) -> None:
    last_year(there, 12)
    adopt(here, there)
    before, blobs = catalogs.read(here.http), here.service.blobs()

    found = adopt(here, there)

    assert found["images"]["same"] == 12 and found["namespaces"]["same"] == 1
    assert not found["results"]
    assert not catalogs.different(before, catalogs.read(here.http))
    assert here.service.blobs() == blobs


def test_the_words_for_people_name_each_image(here: Place, there: Place) -> None:
    image = there.admin.active(name="golden")
    there.admin.create(name="odd", disk_format="ploop")
    words = "[image_format]\ndisk_formats = raw"

    told = here.run("adopt", other=there.variables(), options=words)

    assert told.exit_code == 1
    assert f"image {image['id']} copied (golden)" in told.output
    assert "failed (odd): disk_format ploop is none of disk_formats" in told.output
    assert told.output.endswith("images: 1 copied, 1 failed\n")


def test_data_that_comes_later_is_brought_later(here: Place, there: Place) -> None:
    image = there.admin.create()
    adopt(here, there)
    there.admin.upload(image["id"])

    assert only(adopt(here, there))["result"] == "completed"
    assert not catalogs.different(catalogs.read(there.http), catalogs.read(here.http))


def test_data_on_its_way_is_waited_for(here: Place, there: Place) -> None:
    image = there.admin.create()
    there.admin.stage(image["id"])

    told = only(adopt(here, there))

    assert told["result"] == "failed" and "it is uploading at the source" in told["reason"]
    assert here.admin.show(image["id"])["status"] == "queued"
    assert only(adopt(here, there))["result"] == "failed"
    there.admin.import_(image["id"])
    there.service.work()
    assert only(adopt(here, there))["result"] == "completed"
    assert not catalogs.different(catalogs.read(there.http), catalogs.read(here.http))


def test_what_differs_is_told_and_left_alone(here: Place, there: Place) -> None:
    image = there.admin.active(name="golden", tags=["a"], colour="red")
    adopt(here, there)
    here.admin.set(image["id"], name="mine", tags=["b"])

    told = only(adopt(here, there))

    assert told["result"] == "differs"
    assert told["different"]["name"] == {"source": "golden", "target": "mine"}
    assert here.admin.show(image["id"])["name"] == "mine"


def test_it_is_brought_over_by_update(here: Place, there: Place) -> None:
    image = there.admin.active(name="golden", tags=["a"], colour="red", size_class="1")
    there.admin.share(image["id"], "p1", "p2")
    there.admin.post("/v2/metadefs/namespaces", json={"namespace": "ours", "tags": []})
    adopt(here, there)
    there.admin.patch(
        image["id"],
        {"op": "remove", "path": "/size_class"},
        {"op": "add", "path": "/a~1b", "value": "new"},
        {"op": "replace", "path": "/protected", "value": True},
        {"op": "replace", "path": "/tags", "value": ["b"]},
    )
    members = f"/v2/images/{image['id']}/members"
    there.admin.delete(f"{members}/p1")
    there.admin.put(f"{members}/p2", json={"status": "accepted"})
    there.admin.share(image["id"], "p3")
    there.admin.post(f"/v2/images/{image['id']}/actions/deactivate")
    there.admin.post("/v2/metadefs/namespaces/ours/tags/fast")

    found = adopt(here, there, "--update")

    assert found["images"]["updated"] == 1 and found["namespaces"]["updated"] == 1
    assert not catalogs.different(catalogs.read(there.http), catalogs.read(here.http))
    assert catalogs.read_definitions(here.http) == catalogs.read_definitions(there.http)


def test_an_image_that_was_deleted_here_stays_so(here: Place, there: Place) -> None:
    image = there.admin.active()
    adopt(here, there)
    here.admin.delete(f"/v2/images/{image['id']}")

    told = only(adopt(here, there))

    assert told["result"] == "failed" and "was deleted here" in told["reason"]


def test_data_that_is_not_what_its_hash_says_is_not_kept(here: Place, there: Place) -> None:
    image = there.admin.active()
    with connection.connected(there.service.deployment.database), connection.writing():
        Image.update(os_hash_value="0" * 128).execute()

    told = only(adopt(here, there))

    assert told["result"] == "failed" and "another sha512" in told["reason"]
    assert here.admin.show(image["id"])["status"] == "queued"
    assert not here.service.blobs()


def test_other_data_under_the_same_id_is_told(here: Place, there: Place) -> None:
    image = there.admin.active(b"this")
    here.admin.active(b"that", id=image["id"])

    told = only(adopt(here, there, "--update"))

    assert told["result"] == "failed" and "data" in told["reason"]
    assert here.admin.get(f"/v2/images/{image['id']}/file").data == b"that"


def test_another_hash_is_told_and_no_fault(here: Place, there: Place) -> None:
    there.admin.active()
    options = "hashing_algorithm = sha256"
    foreseen = adopt(here, there, "--dry-run", options=options)

    found = adopt(here, there, options=options)

    for each in (foreseen, found):
        assert each["kept_otherwise"]["os_hash_algo"]["images"] == 1
        assert "hashing_algorithm is sha256 here" in str(each["kept_otherwise"])
    assert adopt(here, there, options=options)["images"]["same"] == 1


@pytest.mark.parametrize(
    ("image", "options", "reason"),
    [
        ({"a": "1", "b": "1"}, "image_property_quota = 1", "image_property_quota"),
        ({"tags": ["a", "b"]}, "image_tag_quota = 1", "image_tag_quota"),
        ({}, "image_size_cap = 5", "image_size_cap"),
        ({}, "[image_format]\ncontainer_formats = ovf", "container_format bare"),
    ],
)
def test_what_cannot_be_is_said_before(
    here: Place, there: Place, image: dict[str, Any], options: str, reason: str
) -> None:
    there.admin.active(**image)

    foreseen = only(adopt(here, there, "--dry-run", options=options))
    told = only(adopt(here, there, options=options))

    assert foreseen["result"] == told["result"] == "failed"
    assert reason in foreseen["reason"] and reason in told["reason"]


def test_limits_of_projects_hold(here: Place, there: Place) -> None:
    image = there.admin.active(b"0" * 100)

    told = only(adopt(here, there, options="user_storage_quota = 99B"))

    assert told["result"] == "failed" and "user_storage_quota" in told["reason"]
    assert here.admin.show(image["id"])["status"] == "queued"
    assert only(adopt(here, there))["result"] == "completed"


def test_projects_can_have_other_ids(here: Place, there: Place, tmp_path: Path) -> None:
    image = there.admin.active(owner="old-lab")
    there.admin.share(image["id"], "old-team", "p3")
    file = tmp_path / "projects.yaml"
    file.write_text("old-lab: new-lab\nold-team: new-team\n")

    adopt(here, there, "--projects", str(file))

    assert here.admin.show(image["id"])["owner"] == "new-lab"
    members = here.admin.get(f"/v2/images/{image['id']}/members").json["members"]
    assert {each["member_id"] for each in members} == {"new-team", "p3"}
    assert adopt(here, there, "--projects", str(file))["images"]["same"] == 1


def test_who_is_no_administrator_is_warned(here: Place, there: Place) -> None:
    there.admin = there.service.person("p1", "member")
    there.admin.active()

    told = here.run("adopt", other=there.variables())

    assert "warning: the login has not the role admin" in told.stderr


def test_data_stays_in_the_store_of_the_same_name(make_place: Any) -> None:
    stores = {"enabled_backends": {"fast": "file", "slow": "file"}}
    there, here = make_place(**stores), make_place(**stores, image_tag_quota=131)
    image = there.admin.create()
    there.admin.upload(image["id"], **{"X-Image-Meta-Store": "slow"})
    directory = here.service.directory
    options = (
        "enabled_backends = fast:file,slow:file\n"
        f"[fast]\nfilesystem_store_datadir = {directory}/fast\n"
        f"[slow]\nfilesystem_store_datadir = {directory}/slow\n"
        "[glance_store]\ndefault_backend = fast"
    )

    adopt(here, there, options=options)

    assert here.admin.show(image["id"])["stores"] == "slow"


def test_a_service_that_is_away_is_said_in_one_line(here: Place, there: Place) -> None:
    variables = there.variables() | {"OS_AUTH_URL": "http://127.0.0.1:9/v3"}

    told = here.run("adopt", other=variables)

    assert told.exit_code == 1 and "lets nobody in" in str(told.exception)


def test_on_a_terminal_a_line_moves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is overwritten each time, and gone at the end; results stay on lines of their own."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = moving.Progress(dry_run=False, kind="table")

    progress.add_bytes(3 << 20)
    progress.tell(None)
    progress.tell(Result("image", "1", "golden", COPIED))
    progress.end()

    out, err = capsys.readouterr()
    assert out == "image 1 copied (golden)\n"
    assert "0 looked at, 3 MiB came" in err and "1 looked at, 3 MiB came" in err
    assert err.endswith("\r\x1b[K")
