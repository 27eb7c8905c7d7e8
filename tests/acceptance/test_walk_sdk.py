"""Every method that openstacksdk has for images, and what it did."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import until
from test_walk_cli import OBJECT, TAGS, TEXT, an, namespace
from walking import DATA, Walk

# Methods that make no request of their own, or no more than another one does.
NOT_WALKED = {
    "api_version": "a word of the class",
    "retriable_status_codes": "a list of the class",
}

SCHEMAS = {
    "get_image_schema": "image",
    "get_images_schema": "images",
    "get_member_schema": "member",
    "get_members_schema": "members",
    "get_task_schema": "task",
    "get_tasks_schema": "tasks",
    "get_metadef_namespace_schema": "metadefs/namespace",
    "get_metadef_namespaces_schema": "metadefs/namespaces",
    "get_metadef_object_schema": "metadefs/object",
    "get_metadef_objects_schema": "metadefs/objects",
    "get_metadef_property_schema": "metadefs/property",
    "get_metadef_properties_schema": "metadefs/properties",
    "get_metadef_resource_type_schema": "metadefs/resource_type",
    "get_metadef_resource_types_schema": "metadefs/resource_types",
    "get_metadef_tag_schema": "metadefs/tag",
    "get_metadef_tags_schema": "metadefs/tags",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A method: what is made for it, the script, and what must be true then."""

    method: str
    made: Callable[[Walk], dict[str, Any]]
    script: str
    then: Callable[[Walk, dict[str, Any], Any], Any]
    who: str = "owner"


def both(walk: Walk) -> dict[str, Any]:
    return {"it": walk.shared(), "project": walk.projects["other"]}


ROWS = [
    Row(
        "create_image",
        lambda walk: {"it": walk.name()},
        "return images.create_image(it, data=b'sdk', disk_format='raw').id",
        lambda walk, made, got: walk.data(got) == b"sdk",
    ),
    Row(
        "upload_image",
        lambda walk: {"it": walk.name()},
        "return images.upload_image(name=it, data=b'sdk', disk_format='raw', "
        "container_format='bare').id",
        lambda walk, made, got: walk.data(got) == b"sdk",
    ),
    Row(
        "stage_image",
        an("image"),
        "images.stage_image(images.get_image(it), data=b'sdk')",
        lambda walk, made, _: walk.show(made["it"])["status"] == "uploading",
    ),
    Row(
        "import_image",
        an("staged"),
        "images.import_image(images.get_image(it), store='cheap')",
        lambda walk, made, _: walk.becomes(made["it"], status="active", stores="cheap"),
    ),
    Row(
        "download_image",
        an("active"),
        "return images.download_image(it).content.decode()",
        lambda walk, made, got: got.encode() == DATA,
    ),
    Row(
        "delete_image",
        an("active"),
        "images.delete_image(it, ignore_missing=False)",
        lambda walk, made, _: not walk.has(f"/v2/images/{made['it']}"),
    ),
    Row(
        "find_image",
        an("active"),
        "return images.find_image(images.get_image(it).name).id",
        lambda walk, made, got: got == made["it"],
    ),
    Row(
        "get_image",
        an("active", os_distro="debian"),
        "return images.get_image(it).os_distro",
        lambda walk, made, got: got == walk.show(made["it"])["os_distro"],
    ),
    Row(
        "images",
        lambda walk: (lambda tag: {"tag": tag, "it": walk.active(tags=[tag])})(walk.name()),
        "return [i.id for i in images.images(tag=tag)]",
        lambda walk, made, got: got == [made["it"]],
    ),
    Row(
        "update_image",
        an("image"),
        "images.update_image(it, name='new', min_ram=7)",
        lambda walk, made, _: (
            {"name": "new", "min_ram": 7}.items() <= walk.show(made["it"]).items()
        ),
    ),
    Row(
        "update_image_properties",
        an("image"),
        "images.update_image_properties(images.get_image(it), a='b')",
        lambda walk, made, _: walk.show(made["it"])["a"] == "b",
    ),
    Row(
        "deactivate_image",
        an("active"),
        "images.deactivate_image(it)",
        lambda walk, made, _: walk.show(made["it"])["status"] == "deactivated",
    ),
    Row(
        "reactivate_image",
        an("active"),
        "images.deactivate_image(it); assert images.get_image(it).status == 'deactivated'; "
        "images.reactivate_image(it)",
        lambda walk, made, _: walk.show(made["it"])["status"] == "active",
    ),
    Row(
        "add_tag",
        an("image"),
        "images.add_tag(it, 'a b')",
        lambda walk, made, _: walk.show(made["it"])["tags"] == ["a b"],
    ),
    Row(
        "remove_tag",
        an("image", tags=["a", "b"]),
        "images.remove_tag(it, 'a')",
        lambda walk, made, _: walk.show(made["it"])["tags"] == ["b"],
    ),
    Row(
        "add_member",
        lambda walk: {"it": walk.active(), "project": walk.projects["other"]},
        "images.add_member(it, member_id=project)",
        lambda walk, made, _: walk.members(made["it"]) == {made["project"]: "pending"},
    ),
    Row(
        "update_member",
        both,
        "images.update_member(project, it, status='rejected')",
        lambda walk, made, _: walk.members(made["it"]) == {made["project"]: "rejected"},
        who="other",
    ),
    Row(
        "get_member",
        both,
        "return images.get_member(project, it).status",
        lambda walk, made, got: got == walk.members(made["it"])[made["project"]] == "pending",
    ),
    Row(
        "find_member",
        both,
        "return images.find_member(project, it).member_id",
        lambda walk, made, got: got == made["project"],
    ),
    Row(
        "members",
        both,
        "return {m.member_id: m.status for m in images.members(it)}",
        lambda walk, made, got: got == walk.members(made["it"]),
    ),
    Row(
        "remove_member",
        both,
        "images.remove_member(project, image=it, ignore_missing=False)",
        lambda walk, made, _: walk.members(made["it"]) == {},
    ),
    Row(
        "image_tasks",
        lambda walk: (lambda task: {"task": task, "it": _image_of(walk, task)})(walk.task()),
        "return [t.id for t in images.image_tasks(it)]",
        lambda walk, made, got: got == [made["task"]],
    ),
    Row(
        "add_image_location",
        lambda walk: {"it": walk.image(), "url": walk.url},
        "images.add_image_location(it, url)",
        lambda walk, made, _: (
            walk.becomes(made["it"], status="active", stores="web")
            and walk.data(made["it"]) == DATA
        ),
    ),
    Row(
        "image_locations",
        an("active"),
        "return [l['url'] for l in images.image_locations(it)]",
        lambda walk, made, got: (
            got == [each["url"] for each in walk.get(f"/v2/images/{made['it']}/locations")]
        ),
        who="admin",
    ),
    Row(
        "stores",
        lambda walk: {},
        "return [s.id for s in images.stores(details=True)]",
        lambda walk, made, got: got == ["fast", "cheap", "web"],
        who="admin",
    ),
    Row(
        "get_import_info",
        lambda walk: {},
        "return images.get_import_info().import_methods['value']",
        lambda walk, made, got: "web-download" in got,
    ),
    Row(
        "get_image_cache",
        an("in_cache"),
        "return [c['image_id'] for c in images.get_image_cache().cached_images]",
        lambda walk, made, got: made["it"] in got and set(got) == walk.cached(),
        who="admin",
    ),
    Row(
        "queue_image",
        an("active"),
        "images.queue_image(it)",
        lambda walk, made, _: until(lambda: made["it"] in walk.cached(), "it is cached"),
        who="admin",
    ),
    Row(
        "cache_delete_image",
        an("in_cache"),
        "images.cache_delete_image(it)",
        lambda walk, made, _: made["it"] not in walk.cached(),
        who="admin",
    ),
    Row(
        "clear_cache",
        an("in_cache"),
        "images.clear_cache('cache')",
        lambda walk, made, _: walk.settled() and walk.cached() == set(),
        who="admin",
    ),
    Row(
        "cached_image_nodes",
        an("in_cache"),
        "return [str(n) for n in images.cached_image_nodes(it)]",
        lambda walk, made, got: len(got) == len(walk.get(f"/v2/cache/nodes/{made['it']}")) == 1,
        who="admin",
    ),
    Row(
        "clean_cache",
        an("in_cache"),
        "images.clean_cache()",
        lambda walk, made, _: made["it"] in walk.cached(),
        who="admin",
    ),
    Row(
        "prune_cache",
        an("in_cache"),
        "return images.prune_cache()['total_files_pruned']",
        lambda walk, made, got: got == 0 and made["it"] in walk.cached(),
        who="admin",
    ),
    Row(
        "tasks",
        an("task"),
        "return [t.id for t in images.tasks()]",
        lambda walk, made, got: made["it"] in got,
        who="admin",
    ),
    Row(
        "get_task",
        an("task"),
        "return images.get_task(it).status",
        lambda walk, made, got: got == "success",
        who="admin",
    ),
    Row(
        "create_task",
        lambda walk: {"url": walk.url, "name": walk.name()},
        "return images.create_task(type='import', input={'import_from': url, "
        "'import_from_format': 'raw', 'image_properties': {'name': name, "
        "'disk_format': 'raw', 'container_format': 'bare'}}).id",
        lambda walk, made, got: until(
            lambda: walk.get(f"/v2/tasks/{got}")["status"] == "success", "the task has ended"
        ),
        who="admin",
    ),
    Row(
        "wait_for_task",
        an("task"),
        "return images.wait_for_task(images.get_task(it), interval=1, wait=30).status",
        lambda walk, made, got: got == "success",
        who="admin",
    ),
    Row(
        "wait_for_status",
        an("active"),
        "return images.wait_for_status(images.get_image(it), 'active', interval=1, wait=30).id",
        lambda walk, made, got: got == made["it"],
    ),
    Row(
        "wait_for_delete",
        an("active"),
        "i = images.get_image(it); images.delete_image(i); "
        "images.wait_for_delete(i, interval=1, wait=30)",
        lambda walk, made, _: not walk.has(f"/v2/images/{made['it']}"),
    ),
    Row(
        "metadef_namespaces",
        namespace(),
        "return [n.namespace for n in images.metadef_namespaces()]",
        lambda walk, made, got: made["it"] in got,
        who="admin",
    ),
    Row(
        "get_metadef_namespace",
        namespace(description="words"),
        "return images.get_metadef_namespace(it).description",
        lambda walk, made, got: got == "words",
        who="admin",
    ),
    Row(
        "create_metadef_namespace",
        lambda walk: {"it": f"OS::{walk.name()}"},
        "images.create_metadef_namespace(namespace=it, visibility='public')",
        lambda walk, made, _: walk.in_namespace(made["it"])["visibility"] == "public",
        who="admin",
    ),
    Row(
        "update_metadef_namespace",
        namespace(),
        "images.update_metadef_namespace(it, description='new')",
        lambda walk, made, _: walk.in_namespace(made["it"])["description"] == "new",
        who="admin",
    ),
    Row(
        "delete_metadef_namespace",
        namespace(),
        "images.delete_metadef_namespace(it, ignore_missing=False)",
        lambda walk, made, _: not walk.has(f"/v2/metadefs/namespaces/{made['it']}"),
        who="admin",
    ),
    Row(
        "add_tag_to_metadef_namespace",
        namespace(),
        "images.add_tag_to_metadef_namespace(it, 't')",
        lambda walk, made, _: walk.in_namespace(made["it"])["tags"] == [{"name": "t"}],
        who="admin",
    ),
    Row(
        "remove_tag_from_metadef_namespace",
        namespace(**TAGS),
        "images.remove_tag_from_metadef_namespace(it, 'a')",
        lambda walk, made, _: walk.in_namespace(made["it"])["tags"] == [{"name": "b"}],
        who="admin",
    ),
    Row(
        "remove_tags_from_metadef_namespace",
        namespace(**TAGS),
        "images.remove_tags_from_metadef_namespace(it)",
        lambda walk, made, _: "tags" not in walk.in_namespace(made["it"]),
        who="admin",
    ),
    Row(
        "metadef_objects",
        namespace(**OBJECT),
        "return [o.name for o in images.metadef_objects(it)]",
        lambda walk, made, got: got == ["o"],
        who="admin",
    ),
    Row(
        "get_metadef_object",
        namespace(**OBJECT),
        "return images.get_metadef_object('o', it).properties",
        lambda walk, made, got: got == {"x": TEXT},
        who="admin",
    ),
    Row(
        "create_metadef_object",
        namespace(),
        "images.create_metadef_object(it, name='o', description='d')",
        lambda walk, made, _: walk.in_namespace(made["it"], "/objects/o")["description"] == "d",
        who="admin",
    ),
    Row(
        "update_metadef_object",
        namespace(**OBJECT),
        "images.update_metadef_object('o', it, name='new')",
        lambda walk, made, _: walk.in_namespace(made["it"], "/objects/new")["name"] == "new",
        who="admin",
    ),
    Row(
        "delete_metadef_object",
        namespace(**OBJECT),
        "images.delete_metadef_object('o', it, ignore_missing=False)",
        lambda walk, made, _: "objects" not in walk.in_namespace(made["it"]),
        who="admin",
    ),
    Row(
        "delete_all_metadef_objects",
        namespace(**OBJECT),
        "images.delete_all_metadef_objects(it)",
        lambda walk, made, _: "objects" not in walk.in_namespace(made["it"]),
        who="admin",
    ),
    Row(
        "metadef_properties",
        namespace(properties={"p": TEXT}),
        "return [p.name for p in images.metadef_properties(it)]",
        lambda walk, made, got: got == ["p"],
        who="admin",
    ),
    Row(
        "get_metadef_property",
        namespace(properties={"p": TEXT}),
        "return images.get_metadef_property('p', it).title",
        lambda walk, made, got: got == "T",
        who="admin",
    ),
    Row(
        "create_metadef_property",
        namespace(),
        "images.create_metadef_property(it, name='p', title='P', type='integer', minimum=3)",
        lambda walk, made, _: walk.in_namespace(made["it"], "/properties/p")["minimum"] == 3,
        who="admin",
    ),
    Row(
        "update_metadef_property",
        namespace(properties={"p": TEXT}),
        "p = images.get_metadef_property('p', it); "
        "images.update_metadef_property(p, it, name='p', title='new', type='string')",
        lambda walk, made, _: walk.in_namespace(made["it"], "/properties/p")["title"] == "new",
        who="admin",
    ),
    Row(
        "delete_metadef_property",
        namespace(properties={"p": TEXT}),
        "images.delete_metadef_property('p', it, ignore_missing=False)",
        lambda walk, made, _: "properties" not in walk.in_namespace(made["it"]),
        who="admin",
    ),
    Row(
        "delete_all_metadef_properties",
        namespace(properties={"p": TEXT}),
        "images.delete_all_metadef_properties(it)",
        lambda walk, made, _: "properties" not in walk.in_namespace(made["it"]),
        who="admin",
    ),
    Row(
        "metadef_resource_types",
        namespace(resource_type_associations=[{"name": "OS::Walk::Thing"}]),
        "return [t.name for t in images.metadef_resource_types()]",
        lambda walk, made, got: "OS::Walk::Thing" in got,
        who="admin",
    ),
    Row(
        "metadef_resource_type_associations",
        namespace(resource_type_associations=[{"name": "T"}]),
        "return [t.name for t in images.metadef_resource_type_associations(it)]",
        lambda walk, made, got: got == ["T"],
        who="admin",
    ),
    Row(
        "create_metadef_resource_type_association",
        namespace(),
        "images.create_metadef_resource_type_association(it, name='T', prefix='t_')",
        lambda walk, made, _: (
            walk.in_namespace(made["it"])["resource_type_associations"][0]["prefix"] == "t_"
        ),
        who="admin",
    ),
    Row(
        "delete_metadef_resource_type_association",
        namespace(resource_type_associations=[{"name": "T"}]),
        "images.delete_metadef_resource_type_association('T', it, ignore_missing=False)",
        lambda walk, made, _: "resource_type_associations" not in walk.in_namespace(made["it"]),
        who="admin",
    ),
    *(
        Row(
            method,
            lambda walk: {},
            f"return images.{method}().name",
            lambda walk, made, got, path=path: got == walk.get(f"/v2/schemas/{path}")["name"],
        )
        for method, path in SCHEMAS.items()
    ),
]


def _image_of(walk: Walk, task: str) -> str:
    return str(walk.get(f"/v2/tasks/{task}")["image_id"])


@pytest.mark.xdist_group("walk")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.method)
def test_a_method_does_what_it_says(walk: Walk, row: Row) -> None:
    made = row.made(walk)
    got = walk.sdk(row.who, f"images = cloud.image\n{row.script}", **made)

    assert row.then(walk, made, got), got


def test_every_method_has_a_row(commands: Path) -> None:
    script = (
        "from openstack.image.v2._proxy import Proxy as p; "
        "print('\\n'.join(n for n in vars(p) if not n.startswith('_')))"
    )
    listed = subprocess.run(
        [commands / "python", "-c", script], capture_output=True, text=True, check=True
    )
    methods = set(listed.stdout.split())

    assert len(methods) > 70
    assert methods - {row.method for row in ROWS} - NOT_WALKED.keys() == set()
