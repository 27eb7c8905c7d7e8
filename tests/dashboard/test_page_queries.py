"""How many statements a page takes, however much there is."""

from __future__ import annotations

from typing import Any

import crowd
import pytest
from databases import counted

# Images in all, and of them those that are offered, and members of one image.
FEW, MANY = (20, 5), (2000, 60)

PAGES = (
    "/images",
    "/images?tab=community",
    "/images?tab=shared",
    "/images/{image}",
    "/images/{image}/edit",
    "/images/{image}/properties",
    "/images/{image}/members",
    "/images/{image}/visibility",
    "/images/{image}/delete",
    "/images/{image}/activity",
    "/quotas",
    "/images/{queued}/upload",
    "/images/{queued}/progress",
    "/images/new",
    "/offers",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_takes_the_same_few_statements_whatever_it_shows(
    olga: Any, adam: Any, service: Any, path: str
) -> None:
    image = adam.api.active(name="golden", visibility="shared", tags=["a"], a="b")["id"]
    queued = adam.api.create()["id"]
    browser, seen, made, shared = adam.browser, [], 0, 0
    for count, offers in (FEW, MANY):
        projects = [adam.project_id, olga.project_id]
        crowd.fill(service.deployment.database, count - made, projects, first=made)
        for number in range(shared, offers):
            offered = olga.api.create(name=f"offered-{number}", visibility="shared")["id"]
            olga.api.share(offered, adam.project_id)
            adam.api.create(name=f"own-{number}", tags=["x", "y"], p="v")
            olga.api.create(name=f"common-{number}", visibility="community")
            adam.api.share(image, service.project(f"member-{number}"))
        made, shared = count, offers
        page = "/dashboard" + path.format(image=image, queued=queued)
        with counted(service.deployment.database) as statements:
            assert browser.open(page).status == 200
        assert browser.path == page
        seen.append(len(statements))

    assert seen[0] == seen[1] <= 9, statements
