"""Activity, quotas, and projects by their names, as pages show them."""

from __future__ import annotations

from typing import Any


def test_a_project_is_offered_an_image_by_its_name(olga: Any, adam: Any) -> None:
    image_id = olga.api.active(name="golden", visibility="shared")["id"]

    olga.browser.open(f"/dashboard/images/{image_id}/members")
    olga.browser.press("Offer", projects="app-team")
    assert image_id in adam.api.ids("?member_status=pending&visibility=shared")
    olga.browser.press("Offer", projects="nobody-is-called-so")

    assert "there is no project named" in olga.browser.text


def test_projects_that_have_an_offer_already_are_suggested(olga: Any, adam: Any) -> None:
    first = olga.api.active(name="golden", visibility="shared")["id"]
    olga.api.share(first, adam.project_id)
    second = olga.api.active(name="silver", visibility="shared")["id"]

    olga.browser.open(f"/dashboard/images/{second}/members")
    olga.browser.press("Offer", known=[adam.project_id])

    assert "pending" in olga.browser.rows()[0]
    assert olga.api.get(f"/v2/images/{second}/members/{adam.project_id}").status_code == 200


def test_activity_says_who_did_what(olga: Any, adam: Any, root: Any) -> None:
    image_id = olga.api.active(name="golden", visibility="private")["id"]
    olga.api.set(image_id, visibility="shared")
    olga.api.share(image_id, adam.project_id)
    root.browser.open(f"/dashboard/images/{image_id}/members")
    root.browser.press("Accept on behalf of app-team")

    rows = olga.browser.open(f"/dashboard/images/{image_id}/activity").rows()

    assert "root in admin" in rows[0]
    assert "on behalf of that project" in rows[0]
    assert "olga in platform" in rows[1]
    assert f"offered it to project {adam.project_id}" in rows[1]
    assert any("changed the visibility from private to shared" in row for row in rows)
    seen = adam.browser.open(f"/dashboard/images/{image_id}/activity").text
    assert "visibility" not in seen.partition("newest first")[2]


def test_a_project_sees_what_it_uses_and_sets_nothing(olga: Any, root: Any) -> None:
    olga.api.active(bytes(3 << 20))

    assert "3 MiB, without a limit" in olga.browser.open("/dashboard/quotas").text
    assert olga.browser.open(f"/dashboard/quotas/{root.project_id}").status == 403
    csrf = olga.browser.open("/dashboard/quotas").value("csrf_token")
    answer = olga.browser.client.post(
        f"/dashboard/quotas/{olga.project_id}",
        data={"csrf_token": csrf, "image_count_total": "1000"},
    )
    assert answer.status_code == 403


def test_administrators_set_and_take_back_limits(olga: Any, root: Any) -> None:
    olga.api.active(bytes(3 << 20))

    root.browser.open("/dashboard/quotas").follow("platform")
    root.browser.press("Save the limits", image_size_total="3", image_count_total="7")
    shown = olga.browser.open("/dashboard/quotas").text
    assert "3 of 3 MiB" in shown
    assert "nothing more is taken" in shown
    assert "1 of 7" in shown
    root.browser.press("Save the limits", image_count_total="many")
    assert root.browser.status == 400
    root.browser.press("Save the limits", image_size_total="", image_count_total="")
    assert "3 MiB, without a limit" in olga.browser.open("/dashboard/quotas").text
