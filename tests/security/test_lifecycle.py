"""Who sees what, and may do what, after any sequence of calls: the service beside a model."""

from __future__ import annotations

import dataclasses
from typing import Any

from fuzzing import examples
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run
from people import Person, Service

ADMIN = "admin"
PEOPLE = ("p1", "p2", "p3", ADMIN)
VISIBILITIES = ("private", "shared", "community", "public")
ANSWERS = ("pending", "accepted", "rejected")
DATA = b"0123456789"


@dataclasses.dataclass
class Model:
    """An image as it should be."""

    id: str
    owner: str
    visibility: str
    status: str = "queued"
    hidden: bool = False
    protected: bool = False
    members: dict[str, str] = dataclasses.field(default_factory=dict)

    def is_mine(self, who: str) -> bool:
        return who in (self.owner, ADMIN)

    def is_seen(self, who: str) -> bool:
        """By its id."""
        if self.status == "deleted":
            return False
        is_offered = self.visibility == "shared" and who in self.members
        return self.is_mine(who) or self.visibility in ("community", "public") or is_offered

    def is_listed(self, who: str, visibility: str) -> bool:
        """In the list with this ``visibility``, or in the usual one."""
        if self.status == "deleted" or self.hidden:
            return False
        if visibility not in ("", "all"):
            return self.visibility == visibility and self.is_listed(who, "all")
        accepted = self.visibility == "shared" and self.members.get(who) == "accepted"
        if self.owner == who or accepted or self.visibility == "public":
            return True
        if self.visibility == "community":
            return visibility == "all"
        return who == ADMIN

    def refusal(self, who: str) -> int | None:
        """Of what only the owner and administrators do."""
        return 404 if not self.is_seen(who) else None if self.is_mine(who) else 403


class Cloud(RuleBasedStateMachine):
    """Four people, a few images, and everything they can do with them."""

    service: Service
    images = Bundle("images")
    people = st.sampled_from(PEOPLE)

    def __init__(self) -> None:
        super().__init__()
        self.persons = {
            name: self.service.person(name, "admin" if name == ADMIN else "member")
            for name in PEOPLE
        }
        self.models: list[Model] = []
        self.turn = 0

    def teardown(self) -> None:
        try:
            for who in PEOPLE:
                self.check(who, "", "all", *VISIBILITIES)
        finally:
            self.clear()

    def clear(self) -> None:
        """Remove all that is left, for the next one."""
        for model in self.models:
            if model.status != "deleted":
                self.persons[ADMIN].set(model.id, protected=False)
                self.persons[ADMIN].delete(f"/v2/images/{model.id}")
        assert self.service.blobs() == []

    def project(self, who: str) -> str:
        return str(self.persons[who].project_id)

    def ask(self, who: str, method: str, path: str, **kwargs: Any) -> Any:
        return self.persons[who].request(method, f"/v2/images/{path}", **kwargs)

    @rule(target=images, who=people, visibility=st.sampled_from(VISIBILITIES[:3]))
    def create(self, who: str, visibility: str) -> Model:
        person: Person = self.persons[who]
        model = Model(person.create(visibility=visibility)["id"], who, visibility)
        self.models.append(model)
        return model

    @rule(who=people, image=images, visibility=st.sampled_from(VISIBILITIES))
    def set_visibility(self, who: str, image: Model, visibility: str) -> None:
        code = image.refusal(who) or 200
        if code == 200 and visibility == "public" and who != ADMIN:
            code = 403
        assert self.persons[who].set(image.id, visibility=visibility).status_code == code
        if code == 200:
            image.visibility = visibility

    @rule(who=people, image=images, hidden=st.booleans(), protected=st.booleans())
    def change(self, who: str, image: Model, hidden: bool, protected: bool) -> None:
        code = image.refusal(who) or 200
        values = {"os_hidden": hidden, "protected": protected}
        assert self.persons[who].set(image.id, **values).status_code == code
        if code == 200:
            image.hidden, image.protected = hidden, protected

    @rule(who=people, image=images, member=people)
    def offer(self, who: str, image: Model, member: str) -> None:
        code = image.refusal(who) or (
            403 if image.visibility != "shared" else 409 if member in image.members else 200
        )
        body = {"member": self.project(member)}
        assert self.ask(who, "POST", f"{image.id}/members", json=body).status_code == code
        if code == 200:
            image.members[member] = "pending"

    @rule(who=people, image=images, member=people, answer=st.sampled_from(ANSWERS))
    def answer(self, who: str, image: Model, member: str, answer: str) -> None:
        code = self.refusal_about(who, image, member)
        if code is None:
            code = 200 if who in (member, ADMIN) else 403
        path = f"{image.id}/members/{self.project(member)}"
        assert self.ask(who, "PUT", path, json={"status": answer}).status_code == code
        if code == 200:
            image.members[member] = answer

    @rule(who=people, image=images, member=people)
    def take_off(self, who: str, image: Model, member: str) -> None:
        code = self.refusal_about(who, image, member)
        if code is None:
            code = 204 if image.is_mine(who) else 403
        path = f"{image.id}/members/{self.project(member)}"
        assert self.ask(who, "DELETE", path).status_code == code
        if code == 204:
            del image.members[member]

    def refusal_about(self, who: str, image: Model, member: str) -> int | None:
        """Of what concerns one member; others' rows are not there for a member."""
        if not image.is_seen(who):
            return 404
        if image.visibility != "shared":
            return 403
        known = member in image.members and (image.is_mine(who) or member == who)
        return None if known else 404

    @rule(who=people, image=images)
    def upload(self, who: str, image: Model) -> None:
        code = image.refusal(who) or (204 if image.status == "queued" else 409)
        assert self.persons[who].upload(image.id, DATA).status_code == code
        if code == 204:
            image.status = "active"

    @rule(who=people, image=images, action=st.sampled_from(("deactivate", "reactivate")))
    def act(self, who: str, image: Model, action: str) -> None:
        code = image.refusal(who) or (403 if image.status == "queued" else 204)
        assert self.ask(who, "POST", f"{image.id}/actions/{action}").status_code == code
        if code == 204:
            image.status = "deactivated" if action == "deactivate" else "active"

    @rule(who=people, image=images)
    def delete(self, who: str, image: Model) -> None:
        code = image.refusal(who) or (403 if image.protected else 204)
        assert self.ask(who, "DELETE", image.id).status_code == code
        if code == 204:
            image.status = "deleted"

    @rule(who=people, image=images)
    def download(self, who: str, image: Model) -> None:
        response = self.ask(who, "GET", f"{image.id}/file")
        code = 200 if image.is_seen(who) else 404
        if code == 200 and image.status == "queued":
            code = 204
        if code == 200 and image.status == "deactivated" and who != ADMIN:
            code = 403
        assert response.status_code == code
        assert (response.data == DATA) is (code == 200)

    @invariant()
    def somebody_sees_what_the_model_says(self) -> None:
        self.turn = (self.turn + 1) % len(PEOPLE)
        self.check(PEOPLE[self.turn], "", VISIBILITIES[self.turn], "all")

    def check(self, who: str, *lists: str) -> None:
        """Compare what somebody sees by id, and in lists of these visibilities."""
        person = self.persons[who]
        for model in self.models:
            response = person.get(f"/v2/images/{model.id}")
            assert response.status_code == (200 if model.is_seen(who) else 404)
            if model.is_seen(who):
                shown = (response.json["status"], response.json["visibility"])
                assert shown == (model.status, model.visibility)
        for visibility in lists:
            query = f"?limit=1000&visibility={visibility}" if visibility else "?limit=1000"
            wanted = {m.id for m in self.models if m.is_listed(who, visibility)}
            assert set(person.ids(query)) == wanted, (who, visibility)


def test_T_IDOR_1_whatever_happens_everybody_sees_what_the_model_says(
    service: Service,
) -> None:
    machine = type("ThisCloud", (Cloud,), {"service": service})

    run(machine, settings=examples(8, stateful_step_count=20))
