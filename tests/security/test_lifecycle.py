"""Who sees what, and may do what, after any sequence of calls: the service beside a model."""

from __future__ import annotations

from typing import Any

from fuzzing import examples
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run
from image_model import ADMIN, Asked, Model, project_of
from people import Person, Service

PROJECTS = ("p1", "p2", "p3", ADMIN)
PEOPLE = (*PROJECTS, "p1-reader", "p2-reader")
VISIBILITIES = ("private", "shared", "community", "public")
ANSWERS = ("pending", "accepted", "rejected")
LISTS = (
    Asked(),
    *(Asked(visibility=word) for word in (*VISIBILITIES, "all")),
    *(Asked(member_status=word) for word in (*ANSWERS, "all")),
    Asked(hidden=True),
    Asked(visibility="all", hidden=True),
    Asked(visibility="shared", member_status="pending"),
    Asked(visibility="shared", member_status="all"),
    Asked(visibility="all", member_status="all"),
    Asked(visibility="private", member_status="all"),
    Asked(owner="p1"),
    Asked(owner="p1", visibility="community"),
    Asked(owner="p1", visibility="all"),
)
WITHOUT_DATA = ("queued", "uploading")
DATA = b"0123456789"


class Cloud(RuleBasedStateMachine):
    """Six people of four projects, a few images, and everything they can do with them."""

    service: Service
    images = Bundle("images")
    people = st.sampled_from(PEOPLE)
    projects = st.sampled_from(PROJECTS)

    def __init__(self) -> None:
        super().__init__()
        self.persons = {
            name: self.service.person(
                project_of(name),
                "admin" if name == ADMIN else "member" if name in PROJECTS else "reader",
            )
            for name in PEOPLE
        }
        self.models: list[Model] = []
        self.turn = 0

    def teardown(self) -> None:
        try:
            for who in PEOPLE:
                self.check(who, *LISTS)
        finally:
            self.clear()

    def clear(self) -> None:
        """Remove all that is left, for the next one."""
        for model in self.models:
            if model.status != "deleted":
                self.persons[ADMIN].set(model.id, protected=False)
                self.persons[ADMIN].delete(f"/v2/images/{model.id}")
        self.service.work()
        assert self.service.blobs() == []
        assert self.service.staged() == []

    def project(self, who: str) -> str:
        return str(self.persons[who].project_id)

    def ask(self, who: str, method: str, path: str, **kwargs: Any) -> Any:
        return self.persons[who].request(method, f"/v2/images/{path}", **kwargs)

    @rule(target=images, who=projects, visibility=st.sampled_from(VISIBILITIES[:3]))
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

    @rule(who=people, image=images, member=projects)
    def offer(self, who: str, image: Model, member: str) -> None:
        code = image.refusal(who) or (
            403 if image.visibility != "shared" else 409 if member in image.members else 200
        )
        body = {"member": self.project(member)}
        assert self.ask(who, "POST", f"{image.id}/members", json=body).status_code == code
        if code == 200:
            image.members[member] = "pending"

    @rule(who=people, image=images, member=projects, answer=st.sampled_from(ANSWERS))
    def answer(self, who: str, image: Model, member: str, answer: str) -> None:
        code = image.refusal_about(who, member)
        if code is None:
            code = 200 if who in (member, ADMIN) else 403
        path = f"{image.id}/members/{self.project(member)}"
        assert self.ask(who, "PUT", path, json={"status": answer}).status_code == code
        if code == 200:
            image.members[member] = answer

    @rule(who=people, image=images, member=projects)
    def take_off(self, who: str, image: Model, member: str) -> None:
        code = image.refusal_about(who, member) or image.refusal(who) or 204
        path = f"{image.id}/members/{self.project(member)}"
        assert self.ask(who, "DELETE", path).status_code == code
        if code == 204:
            del image.members[member]

    @rule(who=people, image=images)
    def upload(self, who: str, image: Model) -> None:
        code = image.refusal(who) or (204 if image.status == "queued" else 409)
        assert self.persons[who].upload(image.id, DATA).status_code == code
        if code == 204:
            image.status = "active"

    @rule(who=people, image=images)
    def stage(self, who: str, image: Model) -> None:
        code = image.refusal(who) or (204 if image.status == "queued" else 409)
        assert self.persons[who].stage(image.id, DATA).status_code == code
        if code == 204:
            image.status = "uploading"

    @rule(who=people, image=images)
    def import_(self, who: str, image: Model) -> None:
        code = 404 if not image.is_seen(who) else None
        if code is None and image.status != "uploading":
            code = 409
        code = code or image.refusal(who) or (409 if image.is_importing else 202)
        assert self.persons[who].import_(image.id).status_code == code
        if code == 202:
            image.is_importing = True

    @rule()
    def work(self) -> None:
        """Every import that was asked for is done, unless the image is gone."""
        self.service.work()
        for model in self.models:
            if model.is_importing and model.status == "uploading":
                model.status = "active"
            model.is_importing = False

    @rule(who=people, image=images, action=st.sampled_from(("deactivate", "reactivate")))
    def act(self, who: str, image: Model, action: str) -> None:
        code = image.refusal(who) or (403 if image.status in WITHOUT_DATA else 204)
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
        if code == 200 and who not in PROJECTS:
            code = 403
        if code == 200 and image.status in WITHOUT_DATA:
            code = 204
        if code == 200 and image.status == "deactivated" and who != ADMIN:
            code = 403
        assert response.status_code == code
        assert (response.data == DATA) is (code == 200)

    @rule(who=people, image=images)
    def look_at_members(self, who: str, image: Model) -> None:
        """All of them, and each by its id."""
        code = 404 if not image.is_seen(who) else 403 if image.visibility != "shared" else 200
        response = self.ask(who, "GET", f"{image.id}/members")
        assert response.status_code == code
        wanted = {self.project(m): m for m in image.members if image.shows_member(who, m)}
        if code == 200:
            found = {row["member_id"]: row["status"] for row in response.json["members"]}
            assert found == {id_: image.members[member] for id_, member in wanted.items()}
        for member in PROJECTS:
            code = 200 if image.shows_member(who, member) else 404
            path = f"{image.id}/members/{self.project(member)}"
            assert self.ask(who, "GET", path).status_code == code

    @invariant()
    def somebody_sees_what_the_model_says(self) -> None:
        self.turn += 1
        who = PEOPLE[self.turn % len(PEOPLE)]
        self.check(who, *(LISTS[(self.turn * 3 + i) % len(LISTS)] for i in range(3)))

    def check(self, who: str, *lists: Asked) -> None:
        """Compare what somebody sees by id, and in these lists."""
        person = self.persons[who]
        for model in self.models:
            response = person.get(f"/v2/images/{model.id}")
            assert response.status_code == (200 if model.is_seen(who) else 404)
            if model.is_seen(who):
                names = ("status", "visibility", "os_hidden", "protected", "owner")
                assert [response.json[name] for name in names] == [
                    *(model.status, model.visibility, model.hidden, model.protected),
                    self.project(model.owner),
                ]
        for asked in lists:
            wanted = {m.id for m in self.models if m.is_listed(who, asked)}
            assert set(person.ids(asked.query(self.project("p1")))) == wanted, (who, asked)


def test_T_IDOR_1_whatever_happens_everybody_sees_what_the_model_says(
    service: Service,
) -> None:
    machine = type("ThisCloud", (Cloud,), {"service": service})

    run(machine, settings=examples(8, stateful_step_count=20))
