"""The command line client finds the service and is known to it, or is told why not."""

from __future__ import annotations

import pytest
from deployments import FIXED_TOKEN, Site
from persons import Person
from server_process import Http


@pytest.mark.needs("a login")
def test_a_token_is_issued_and_taken(owner: Person, site: Site) -> None:
    issued = owner.json("token issue")

    assert issued["project_id"] == site.project_id("platform")
    assert Http(site.root, issued["id"]).request("GET", "/v2/images")[0] == 200


@pytest.mark.needs("a login")
def test_the_catalog_has_the_addresses_without_a_version(owner: Person, site: Site) -> None:
    catalog = owner.json("catalog list")

    addresses = {
        entry["Type"]: {endpoint["url"] for endpoint in entry["Endpoints"]} for entry in catalog
    }
    assert addresses == {"image": {site.root}, "identity": {f"{site.root}/identity"}}


@pytest.mark.needs("a login")
def test_the_versions_are_shown_with_their_address(owner: Person, site: Site) -> None:
    versions = owner.json("versions show --service image")

    assert {version["Endpoint"] for version in versions} == {f"{site.root}/v2/"}
    assert [v["Status"] for v in versions].count("CURRENT") == 1
    assert {v["Status"] for v in versions} <= {"CURRENT", "SUPPORTED"}


@pytest.mark.needs("a credential")
def test_who_is_not_known_is_told_so(owner: Person) -> None:
    wrong = {
        "embedded": ("--os-password", "wrong"),
        "http_basic": ("--os-password", "wrong"),
        "admin_token": ("--os-token", "wrong-and-long-enough"),
    }[owner.site.kind.strategy]

    refused = owner.openstack("image list", *wrong, ok=False)

    assert "401" in refused.err


@pytest.mark.needs("no login")
def test_words_on_the_command_line_are_enough(owner: Person, site: Site) -> None:
    image_id = owner.image("by-words")
    words = {
        "none": ["--os-endpoint", site.root],
        "http_basic": ["--os-endpoint", f"{site.root}/v2"],
        "admin_token": ["--os-endpoint", f"{site.root}/v2", "--os-token", FIXED_TOKEN],
    }[site.kind.strategy]
    if site.kind.strategy == "http_basic":
        credentials = site.credentials(owner.cloud)
        words += ["--os-username", credentials["username"]]
        words += ["--os-password", credentials["password"]]

    def openstack(*arguments: str) -> None:
        strategy = ("--os-auth-type", site.kind.strategy)
        site.terminal.run("openstack", *strategy, *words, *arguments)

    openstack("image", "set", "--name", "renamed-by-words", image_id)
    openstack("image", "add", "project", image_id, site.project_id("app-team"))

    assert owner.show(image_id)["name"] == "renamed-by-words"
    assert owner.answers(image_id) == {site.project_id("app-team"): "pending"}
