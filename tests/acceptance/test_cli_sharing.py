"""Projects offer images to each other with the command line client."""

from __future__ import annotations

import pytest
from deployments import Site
from persons import Person
from terminal import SdkError

PENDING = "image list --shared --member-status pending"
ACCEPT = "cloud.image.update_member(project, image_id, status='accepted')"


@pytest.fixture
def shared(owner: Person, request: pytest.FixtureRequest) -> str:
    """The id of a shared image, named after the test."""
    return owner.image(request.node.name, visibility="shared")


@pytest.fixture
def offered(owner: Person, shared: str) -> str:
    """The id of a shared image that waits for an answer."""
    owner.share(shared, "app-team")
    return shared


@pytest.fixture
def app_team(site: Site) -> str:
    return site.project_id("app-team")


@pytest.mark.needs("people")
class TestAnOffer:
    def test_by_the_owner_with_the_id_of_the_project(
        self, owner: Person, app_team: str
    ) -> None:
        image_id = owner.image("to-offer", visibility="private")
        owner.openstack("image set --shared", image_id)
        owner.openstack("image add project", image_id, app_team)

        assert owner.answers(image_id) == {app_team: "pending"}

    def test_by_an_administrator_with_the_name_of_the_project(
        self, admin: Person, owner: Person, shared: str, app_team: str
    ) -> None:
        admin.openstack("image add project", shared, "app-team")

        assert owner.answers(shared) == {app_team: "pending"}

    def test_is_seen_by_its_id_and_among_the_pending_ones(
        self, member: Person, offered: str
    ) -> None:
        assert offered not in member.ids("image list")
        assert offered in member.ids(PENDING)
        assert member.json("image show", offered)["id"] == offered

    def test_accepted_is_like_an_own_image(
        self, owner: Person, member: Person, offered: str, app_team: str
    ) -> None:
        member.openstack("image set --accept", *mine(member), offered)

        assert owner.answers(offered) == {app_team: "accepted"}
        assert offered in member.ids("image list")
        name = owner.show(offered)["name"]
        assert member.openstack("image save", name).data == b"0123456789"

    def test_rejected_is_listed_no_more(
        self, owner: Person, member: Person, offered: str, app_team: str
    ) -> None:
        member.sdk(ACCEPT, image_id=offered, project=app_team)
        member.openstack("image set --reject", *mine(member), offered)

        assert owner.answers(offered) == {app_team: "rejected"}
        assert offered not in member.ids("image list")
        assert member.show(offered)["id"] == offered

    @pytest.mark.needs("every command")
    def test_is_not_answered_by_the_owner(
        self, owner: Person, offered: str, app_team: str
    ) -> None:
        refused = owner.openstack("image set --accept --project", app_team, offered, ok=False)

        assert f"Only project {app_team}, the member itself" in refused.err
        assert owner.answers(offered) == {app_team: "pending"}

    @pytest.mark.needs("every command")
    def test_shows_the_owner_all_members_and_a_member_itself(
        self, owner: Person, member: Person, offered: str, app_team: str
    ) -> None:
        owner.share(offered, "admin")

        def members(person: Person) -> set[str]:
            return {row["Member ID"] for row in person.json("image member list", offered)}

        assert members(owner) == {app_team, owner.site.project_id("admin")}
        assert members(member) == {app_team}
        shown = owner.json("image member get", offered, app_team)
        assert (shown["member_id"], shown["status"]) == (app_team, "pending")

    @pytest.mark.needs("every command")
    def test_is_taken_back_once_and_then_nothing_happens(
        self, owner: Person, member: Person, offered: str, app_team: str
    ) -> None:
        for _ in range(2):
            owner.openstack("image remove project", offered, app_team)

        assert owner.answers(offered) == {}
        with pytest.raises(SdkError):
            member.show(offered)


def mine(person: Person) -> list[str]:
    """Whom to answer for: without a login the client does not know, and has to be told."""
    if person.site.kind.strategy == "embedded":
        return []
    return ["--project", person.site.project_id(person.cloud)]


@pytest.mark.needs("one administrator")
class TestOneForAll:
    """An administrator offers and answers; the projects are known by name."""

    def test_offers_and_answers(self, admin: Person, shared: str, app_team: str) -> None:
        admin.openstack("image add project", shared, "app-team")
        assert admin.answers(shared) == {app_team: "pending"}

        admin.openstack("image set --accept --project app-team", shared)
        assert admin.answers(shared) == {app_team: "accepted"}

    def test_sees_and_takes_back_offers(
        self, admin: Person, offered: str, app_team: str
    ) -> None:
        rows = admin.json("image member list", offered)
        assert [row["Member ID"] for row in rows] == [app_team]

        for _ in range(2):
            admin.openstack("image remove project", offered, "app-team")
        assert admin.answers(offered) == {}

    def test_makes_images_for_others(self, admin: Person, app_team: str) -> None:
        created = admin.json("image create --project app-team for-others")

        assert admin.show(created["id"])["owner"] == app_team


@pytest.mark.needs("people", "every command")
class TestACommunityImage:
    def test_is_found_by_id_and_by_who_looks_for_it(
        self, owner: Person, member: Person, shared: str
    ) -> None:
        owner.openstack("image set --community --name for-everybody", shared)

        assert owner.show(shared)["visibility"] == "community"
        missed = member.openstack("image show for-everybody", ok=False)
        assert "No Image found for for-everybody" in missed.err
        assert member.json("image show", shared)["name"] == "for-everybody"
        assert shared in member.ids("image list --community")
        assert member.named("for-everybody") == []


@pytest.mark.needs("people", "every option")
class TestAReader:
    def test_sees_and_changes_nothing(self, owner: Person, reader: Person, shared: str) -> None:
        refused = reader.openstack("image set --name other", shared, ok=False)

        assert "role member" in refused.err
        assert owner.show(shared)["name"] != "other"


@pytest.mark.needs("people", "every option")
class TestAPublicImage:
    def test_is_made_by_administrators_only(
        self, owner: Person, admin: Person, member: Person, shared: str
    ) -> None:
        refused = owner.openstack("image set --public", shared, ok=False)
        assert "only administrators may make an image public" in refused.err

        admin.openstack("image set --public", shared)
        assert shared in member.ids("image list --public")
