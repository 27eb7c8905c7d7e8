"""How many statements a page takes, however much there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import crowd
import pytest
from databases import counted

from glance_shim.core.identity import browser_sessions

# Images in all, and of them those that are offered, and members of one image.
FEW, MANY = (10, 5), (2000, 60)

PAGES = (
    "/images",
    "/images?tab=community",
    "/images?tab=public",
    "/images?tab=shared",
    "/images?q=image&tag=t0-1&sort=size:desc",
    "/images/{image}",
    "/images/{image}/edit",
    "/images/{image}/properties",
    "/images/{image}/members",
    "/images/{image}/visibility",
    "/images/{image}/delete",
    "/images/{image}/activity",
    "/quotas",
    "/quotas/{project}",
    "/images/{queued}/upload",
    "/images/{queued}/progress",
    "/images/new",
    "/offers",
    "/offers?status=accepted",
    "/offers?status=rejected",
    "/project",
)

# What administrators are shown beside, or otherwise.
PAGES_OF_ADMINISTRATORS = (
    "/images?tab=all",
    "/images?tab=all&after={image}",
    "/images/{image}/members",
    "/images/{image}/visibility",
    "/quotas",
    "/quotas/{project}",
)

# Without a page: they lead elsewhere, send a file, or are seen before a login.
WITHOUT_A_PAGE = {"", "/", "/<path:path>", "/static/<path:filename>", "/login"} | {
    "/images/<image_id>/data"
}


class Crowd:
    """Ever more of everything, around one image of adam's."""

    def __init__(self, service: Any, olga: Any, adam: Any) -> None:
        self.service, self.olga, self.adam = service, olga, adam
        made = adam.api.active(name="golden", visibility="shared", tags=["a"], a="b")
        self.ids = {
            "image": made["id"],
            "queued": adam.api.create()["id"],
            "project": adam.project_id,
        }
        self.made = self.shared = 0

    def grow(self, count: int, offers: int) -> None:
        """Let there be that many images, and that many of what is shared."""
        projects = [self.adam.project_id, self.olga.project_id]
        database = self.service.deployment.database
        crowd.fill(database, count - self.made, projects, first=self.made)
        for number in range(self.shared, offers):
            for answer in ("", "accepted", "rejected"):
                self._offer(f"offered-{number}-{answer}", answer)
            self.adam.api.create(name=f"own-{number}", tags=["x", "y"], p="v")
            self.olga.api.create(name=f"common-{number}", visibility="community")
            self.adam.api.share(self.ids["image"], self.service.project(f"member-{number}"))
        self.made, self.shared = count, offers

    def _offer(self, name: str, answer: str) -> None:
        offered = self.olga.api.create(name=name, visibility="shared")["id"]
        self.olga.api.share(offered, self.adam.project_id)
        if answer:
            self.adam.api.answer(offered, answer)

    def statements(self, browser: Any, path: str) -> list[Any]:
        """What looking at a page asks the database."""
        page = "/dashboard" + path.format(**self.ids)
        with counted(self.service.deployment.database) as statements:
            assert browser.open(page).status == 200
        assert browser.path == page
        return list(statements)

    def statements_of_few_and_many(self, browser: Any, paths: Sequence[str]) -> dict[str, Any]:
        """What each page asks with little of everything, and then with much."""
        seen: dict[str, Any] = {path: [] for path in paths}
        for size in (FEW, MANY):
            self.grow(*size)
            for path in paths:
                seen[path].append(self.statements(browser, path))
        return seen


@pytest.fixture
def everything(service: Any, olga: Any, adam: Any, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    # On a busy machine the crowd takes more than the minute after which a page notes that the
    # browser was seen again.
    monkeypatch.setattr(browser_sessions, "SEEN_SECONDS", math.inf)
    return Crowd(service, olga, adam)


def test_a_page_takes_the_same_few_statements_whatever_it_shows(everything: Crowd) -> None:
    seen = everything.statements_of_few_and_many(everything.adam.browser, PAGES)

    for path, (few, many) in seen.items():
        assert len(few) == len(many) <= 9, (path, few, many)


def test_so_does_what_only_an_administrator_sees(everything: Crowd, root: Any) -> None:
    seen = everything.statements_of_few_and_many(root.browser, PAGES_OF_ADMINISTRATORS)

    for path, (few, many) in seen.items():
        assert len(few) == len(many) <= 11, (path, few, many)


def test_there_is_no_page_whose_statements_are_not_counted(service: Any) -> None:
    router = service.app.url_map.bind("localhost")
    ids = dict.fromkeys(("image", "queued", "project"), "x")
    counted_rules = {
        router.match("/dashboard" + path.format(**ids).partition("?")[0], return_rule=True)[
            0
        ].rule
        for path in PAGES
    }
    pages = {
        rule.rule
        for rule in service.app.url_map.iter_rules()
        if rule.rule.startswith("/dashboard") and "GET" in (rule.methods or ())
    }

    assert pages - counted_rules == {f"/dashboard{path}" for path in WITHOUT_A_PAGE}
