"""The tests of golden.py, against an image service that runs for each of them."""

import datetime
import subprocess
import sys

import golden
import openstack
import pytest


@pytest.fixture
def platform(glance_shim):
    """The connection of the team that publishes."""
    return glance_shim.person("platform").connection


@pytest.fixture
def team(glance_shim):
    """The person of the team that uses images."""
    return glance_shim.person("app-team")


def test_a_team_accepts_what_is_published(platform, team):
    image = golden.publish(platform, "ubuntu", b"data", [team.project_id])

    assert golden.accept_all(team.connection) == ["ubuntu"]
    assert [found.id for found in team.connection.image.images()] == [image.id]


def test_images_of_others_are_not_accepted(glance_shim, team):
    glance_shim.create_image("not golden", members=["app-team"])

    assert golden.accept_all(team.connection) == []


def test_old_images_are_retired(glance_shim, platform):
    with glance_shim.switches.frozen_clock("2040-01-01T00:00:00Z") as clock:
        golden.publish(platform, "old", b"data", [])
        clock.tick(80 * 86400)
        golden.publish(platform, "new", b"data", [])
    today = datetime.datetime(2040, 4, 10, tzinfo=datetime.timezone.utc)

    assert golden.retire(platform, today) == ["old"]


def test_an_expired_token_does_not_stop_it(glance_shim, platform):
    golden.publish(platform, "first", b"data", [])
    glance_shim.expire_tokens()
    golden.publish(platform, "second", b"data", [])

    assert {image.name for image in platform.image.images()} == {"first", "second"}


def test_a_short_outage_is_outlasted(glance_shim, platform):
    with glance_shim.switches.unavailable(times=1, method="PUT"):
        image = golden.publish(platform, "late", b"data", [])

    assert platform.image.get_image(image).status == "active"


def test_the_environment_names_the_cloud(glance_shim, glance_shim_environ):
    glance_shim.create_image("seen")

    with openstack.connect() as cloud:
        assert [image.name for image in cloud.image.images()] == ["seen"]


def test_commands_find_it_too(glance_shim, glance_shim_environ):
    glance_shim.create_image("seen")
    script = "import openstack; print([i.name for i in openstack.connect().image.images()])"
    out = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert out.stdout.strip() == "['seen']"


def test_it_is_the_same_with_the_real_server(make_glance_shim):
    shim = make_glance_shim(process=True)
    team = shim.person("app-team")
    golden.publish(shim.connection, "ubuntu", b"data", [team.project_id])

    assert golden.accept_all(team.connection) == ["ubuntu"]
