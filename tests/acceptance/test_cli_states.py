"""What happens to an image whose data is taken away for a while, or does not all arrive."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator

import pytest
from deployments import LIMIT, Site
from persons import Person
from server_process import Http
from terminal import until

MIB = 1 << 20

UPLOAD = """
    image = cloud.image.get_image(image_id)
    image.data = b"x" * size
    image.upload(cloud.image)
"""


class TestDeactivated:
    @pytest.mark.needs("people")
    def test_data_is_for_administrators_only(self, owner: Person, admin: Person) -> None:
        image_id = owner.image("to-deactivate")
        owner.openstack("image set --deactivate", image_id)

        assert owner.show(image_id)["status"] == "deactivated"
        # The client takes the refusal for data, and then finds that its sum is wrong.
        refused = owner.openstack("image save", image_id, ok=False)
        assert json.loads(refused.data)["error"]["code"] == 403
        assert admin.openstack("image save", image_id).data == b"0123456789"

    def test_and_back(self, owner: Person) -> None:
        image_id = owner.image("to-deactivate-and-back")
        owner.openstack("image set --deactivate", image_id)
        assert owner.show(image_id)["status"] == "deactivated"

        owner.openstack("image set --activate", image_id)
        assert owner.show(image_id)["status"] == "active"

    @pytest.mark.needs("people")
    def test_not_by_a_member_although_the_client_does_not_say_so(
        self, owner: Person, member: Person
    ) -> None:
        image_id = owner.image("not-to-deactivate", visibility="shared")
        owner.share(image_id, "app-team")
        member.openstack("image set --deactivate", image_id)

        assert owner.show(image_id)["status"] == "active"


@contextlib.contextmanager
def uploading(person: Person, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """The client that sends what is written to it, and is killed at the end of the block."""
    client = person.site.terminal.start(
        *f"openstack --os-cloud {person.cloud} image create --disk-format raw {name}".split(),
        OS_CLIENT_CONFIG_FILE=str(person.site.clouds),
    )
    try:
        yield client
    finally:
        client.kill()
        client.wait()
        assert client.stdin
        with contextlib.suppress(BrokenPipeError):
            client.stdin.close()


class TestAnUpload:
    def test_that_is_killed_leaves_room_for_another(self, owner: Person, site: Site) -> None:
        before = site.blobs()
        size = 20 * MIB
        assert 2 * size > LIMIT, "the two together would not fit"
        with uploading(owner, "killed") as client:
            assert client.stdin
            for _ in range(size // MIB):
                client.stdin.write(b"x" * MIB)
            client.stdin.flush()
            until(lambda: len(site.blobs()) > len(before), "data arrives")
            (image_id,) = owner.named("killed")
            assert owner.show(image_id)["status"] == "saving"

        until(lambda: owner.show(image_id)["status"] == "queued", "the image is queued again")
        until(lambda: site.blobs() == before, "the store is as it was")
        owner.sdk(UPLOAD, image_id=image_id, size=size)
        image = owner.show(image_id)
        assert (image["status"], image["size"]) == ("active", size)
        owner.sdk("cloud.image.delete_image(image_id)", image_id=image_id)

    @pytest.mark.needs("a login")
    def test_outlives_its_token(self, owner: Person, site: Site) -> None:
        image_id = owner.image("long", data=None)
        token = owner.openstack("token issue -f value -c id").out.strip()
        http = Http(site.root, token)

        def parts() -> Iterator[bytes]:
            yield b"x" * MIB
            owner.openstack("token revoke", token)
            assert http.request("GET", "/v2/images")[0] == 401
            yield b"x" * MIB

        assert http.upload(image_id, parts())[0] == 204
        image = owner.show(image_id)
        assert (image["status"], image["size"]) == ("active", 2 * MIB)
