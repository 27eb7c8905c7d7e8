"""The pages about one image, and about several."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from glance_shim.dashboard.visibility import KINDS, consequences

SCRIPT = "<script>alert(1)</script>"


def page_of(image_id: str, tab: str = "") -> str:
    return f"/dashboard/images/{image_id}{tab}"


def test_what_is_changed_in_the_form_is_changed_and_nothing_else(olga: Any) -> None:
    image = olga.api.active(name="golden", tags=["old"], description="was", os_distro="debian")

    olga.browser.open(page_of(image["id"], "/edit")).press(
        "Save",
        name="silver",
        description="is",
        min_disk="3",
        tags="a, b,, a",
        protected="yes",
    )

    now = olga.api.show(image["id"])
    changed = {name for name in now if now[name] != image.get(name)} - {"updated_at"}
    assert changed == {"name", "description", "min_disk", "tags", "protected"}
    assert (now["name"], now["description"], now["min_disk"]) == ("silver", "is", 3)
    assert (sorted(now["tags"]), now["protected"]) == (["a", "b"], True)
    assert olga.browser.title == "silver"


def test_a_description_and_a_name_can_be_taken_away(olga: Any) -> None:
    image_id = olga.api.active(name="golden", description="was")["id"]

    olga.browser.open(page_of(image_id, "/edit")).press("Save", name="", description="")

    now = olga.api.show(image_id)
    assert now["name"] is None
    assert "description" not in now


def test_a_wrong_value_is_refused_in_words_and_kept_in_the_form(olga: Any) -> None:
    image_id = olga.api.active(name="golden")["id"]

    olga.browser.open(page_of(image_id, "/edit")).press("Save", min_ram="-1", name="other")

    assert olga.browser.status == 400
    assert "min_ram" in olga.browser.text
    assert olga.browser.value("name") == "other"
    assert olga.api.show(image_id)["name"] == "golden"


def test_names_tags_and_properties_of_others_are_text_and_nothing_more(
    olga: Any, adam: Any
) -> None:
    image = olga.api.active(
        name=SCRIPT, tags=[SCRIPT], description=SCRIPT, **{SCRIPT: '"><img src=x>'}
    )
    olga.api.share(image["id"], adam.project_id)
    pages = [page_of(image["id"], tab) for tab in ("", "/members")]
    for path in [*pages, "/dashboard/offers"]:
        adam.browser.open(path)
        assert adam.browser.status == 200, path
        assert "<script>alert" not in adam.browser.response.text
        assert "<img" not in adam.browser.response.text
        assert not adam.browser.page.findall(".//main//script")
    for tab in ("/edit", "/visibility", "/delete"):
        olga.browser.open(page_of(image["id"], tab))
        assert not olga.browser.page.findall(".//main//script")
    assert SCRIPT in adam.browser.open(pages[0]).text


def test_deletion_names_the_image_and_asks_before(olga: Any) -> None:
    image_id = olga.api.active(name="golden")["id"]

    olga.browser.open(page_of(image_id)).follow("Delete…")
    assert "Delete golden?" in olga.browser.text
    assert olga.api.show(image_id)
    olga.browser.press("Delete golden")

    assert "golden is deleted" in olga.browser.text
    assert olga.api.get(f"/v2/images/{image_id}").status_code == 404


def test_a_protected_image_is_kept_and_the_page_says_why(olga: Any) -> None:
    image_id = olga.api.active(name="golden", protected=True)["id"]

    olga.browser.open(page_of(image_id, "/delete")).press("Delete golden")

    assert olga.browser.status == 403
    assert "protected" in olga.browser.text
    assert olga.api.show(image_id)


def test_data_is_deactivated_and_reactivated(olga: Any) -> None:
    image_id = olga.api.active(name="golden")["id"]

    olga.browser.open(page_of(image_id)).press("Deactivate")
    assert olga.api.show(image_id)["status"] == "deactivated"
    assert "Download" not in olga.browser.text
    olga.browser.press("Reactivate")
    assert olga.api.show(image_id)["status"] == "active"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("debian", "debian.raw"),
        ("debian.IMG", "debian.IMG"),
        ('a"b/ü', "a-b-%C3%BC.raw"),
        ("日本\r\nSet-Cookie: x", "%E6%97%A5%E6%9C%AC--Set-Cookie%3A%20x.raw"),
    ],
)
def test_a_download_is_a_file_with_the_name_of_the_image(
    olga: Any, name: str, file: str
) -> None:
    image_id = olga.api.active(b"bytes", name=name)["id"]

    olga.browser.open(page_of(image_id, "/data"))

    assert olga.browser.response.data == b"bytes"
    disposition = olga.browser.response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert disposition.endswith(f"UTF-8''{file}")


def test_readers_see_no_button_that_is_not_for_them(olga: Any, rita: Any) -> None:
    image_id = olga.api.active(name="golden")["id"]
    rita.browser.open(page_of(image_id))
    assert rita.browser.buttons() == [f"Copy id {image_id}"]
    assert "Edit" not in rita.browser.text

    for tab in ("/delete", "/edit", "/deactivate", "/members", "/visibility"):
        csrf = rita.browser.open("/dashboard/project").value("csrf_token")
        data = {"csrf_token": csrf, "name": "mine", "projects": "x", "visibility": "community"}
        answer = rita.browser.client.post(page_of(image_id, tab), data=data)
        assert answer.status_code == 403, tab
    assert olga.api.show(image_id)["name"] == "golden"


def test_several_projects_are_offered_an_image_at_once(
    olga: Any, adam: Any, service: Any
) -> None:
    image_id = olga.api.active(name="golden", visibility="shared")["id"]
    other = service.project("third")

    olga.browser.open(page_of(image_id, "/members"))
    olga.browser.press("Offer", projects=f"{adam.project_id}, {other}")
    assert len(olga.browser.rows()) == 2
    olga.browser.press("Offer", projects=f"{adam.project_id} {service.project('fourth')}")

    assert olga.browser.status == 409
    assert olga.browser.value("projects") == adam.project_id, "what failed is left"
    members = olga.api.get(f"/v2/images/{image_id}/members").json["members"]
    assert len(members) == 3


def test_a_name_with_blanks_is_typed_as_it_is(olga: Any, adam: Any, service: Any) -> None:
    image_id = olga.api.active(name="golden", visibility="shared")["id"]
    wanted = [service.project(name) for name in ("Team of Two", "third")]

    olga.browser.open(page_of(image_id, "/members"))
    olga.browser.press("Offer", projects=" Team of Two\r\nthird, nobody here\r\n")

    assert olga.browser.value("projects") == "nobody here"
    assert "there is no project named 'nobody here'" in olga.browser.text
    members = olga.api.get(f"/v2/images/{image_id}/members").json["members"]
    assert {member["member_id"] for member in members} == set(wanted)


def test_an_administrator_accepts_on_behalf_of_a_member(
    olga: Any, adam: Any, root: Any
) -> None:
    image_id = olga.api.active(name="golden", visibility="shared")["id"]
    olga.api.share(image_id, adam.project_id)

    root.browser.open(page_of(image_id, "/members")).press("Accept on behalf of app-team")

    assert "accepted on behalf" in root.browser.text
    assert image_id in adam.api.ids()
    olga.browser.open(page_of(image_id, "/members"))
    assert "Accept" not in " ".join(olga.browser.buttons())


@pytest.mark.parametrize(("was", "becomes"), list(itertools.product(KINDS, KINDS)))
def test_what_a_change_of_visibility_does_is_said_before(was: str, becomes: str) -> None:
    words = " ".join(consequences(was, becomes, 3, 2))

    opened = becomes in ("community", "public") and was in ("private", "shared")
    closed = was in ("community", "public") and becomes in ("private", "shared")
    assert ("Every project" in words) is (becomes in ("community", "public") and was != becomes)
    assert ("All other projects lose it" in words) is closed
    assert ("3 members, of which 2 accepted" in words) is (was == "shared" != becomes)
    assert ("lose it at once" in words) is (closed or (was, becomes) == ("shared", "private"))
    assert words or not opened


def test_public_is_offered_only_to_those_who_may(olga: Any, root: Any) -> None:
    image_id = olga.api.active(name="golden", visibility="private")["id"]

    olga.browser.open(page_of(image_id, "/visibility"))
    assert "public:" not in olga.browser.text
    assert "public: everybody" in root.browser.open(page_of(image_id, "/visibility")).text
    olga.browser.press("Change the visibility", visibility="community")
    assert olga.api.show(image_id)["visibility"] == "community"
    olga.browser.open(page_of(image_id, "/visibility"))
    csrf = olga.browser.value("csrf_token")
    answer = olga.browser.client.post(
        page_of(image_id, "/visibility"), data={"csrf_token": csrf, "visibility": "public"}
    )
    assert answer.status_code == 403
    assert olga.api.show(image_id)["visibility"] == "community"


def test_several_images_are_deleted_after_a_question_that_names_them(olga: Any) -> None:
    ids = [olga.api.active(name=f"old-{n}", protected=n == 2)["id"] for n in range(3)]

    olga.browser.open("/dashboard/images").press("Delete", id=ids)
    for number in range(3):
        assert f"old-{number}" in olga.browser.text
    assert len(olga.api.ids()) == 3
    olga.browser.press("Delete 3 images")

    assert olga.api.ids() == [ids[2]]
    assert "2 images deleted" in olga.browser.text
    assert "1 image could not be deleted" in olga.browser.text


def test_several_images_are_deactivated_at_once(olga: Any) -> None:
    ids = [olga.api.active(name=f"image-{n}")["id"] for n in range(2)]

    olga.browser.open("/dashboard/images").press("Deactivate", id=ids)

    assert {olga.api.show(each)["status"] for each in ids} == {"deactivated"}


def offers_counted(person: Any) -> str:
    """What the link to the offers says, on a page of this person."""
    person.browser.open("/dashboard/quotas")
    [words] = [each for each in person.browser.links() if each.startswith("Offers")]
    return words


def test_every_page_counts_the_offers_that_wait_for_this_very_project(
    olga: Any, adam: Any, someone: Any
) -> None:
    eve = someone("elsewhere", "member")
    offered = [olga.api.create(visibility="shared")["id"] for _ in range(3)]
    for image_id in offered:
        olga.api.share(image_id, adam.project_id)
    olga.api.share(offered[0], eve.project_id)

    assert offers_counted(adam) == "Offers 3 wait for an answer"
    assert offers_counted(eve) == "Offers 1 waits for an answer"
    assert offers_counted(olga) == "Offers"
    adam.api.answer(offered[0], "accepted")
    olga.api.delete(f"/v2/images/{offered[1]}")
    olga.api.set(offered[2], visibility="private")
    assert offers_counted(adam) == "Offers"
