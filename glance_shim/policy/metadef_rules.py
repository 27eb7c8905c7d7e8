"""The rules about metadata definitions.

In a check, ``project_id`` of the target is the owner of the namespace.
"""

from __future__ import annotations

from glance_shim.policy.rule import ADMIN, ADMINS_ONLY, OWNER, READERS, Rule

READ = f"{ADMIN} or (role:reader and ({OWNER} or 'public':%(visibility)s))"
LIST = f"{ADMIN} or (role:reader and {OWNER})"
WRITE = "rule:metadef_admin"

METADEFS = "/v2/metadefs"
NAMESPACES = f"{METADEFS}/namespaces"
NAMESPACE = f"{NAMESPACES}/{{namespace}}"
OBJECT = f"{NAMESPACE}/objects/{{name}}"
PROPERTY = f"{NAMESPACE}/properties/{{name}}"
TAG = f"{NAMESPACE}/tags/{{name}}"
TYPES = f"{NAMESPACE}/resource_types"


def _read(name: str, sentence: str, *operations: str) -> Rule:
    return Rule(name, READ, sentence, operations, READERS)


def _write(name: str, sentence: str, *operations: str) -> Rule:
    return Rule(name, WRITE, sentence, operations, ADMINS_ONLY)


RULES = (
    Rule("metadef_default", "", "Known from Glance; nothing asks for it.", hint=READERS),
    Rule(
        "metadef_admin",
        ADMIN,
        "Who may change metadata definitions.",
        hint=ADMINS_ONLY,
    ),
    _read("get_metadef_namespace", "See a namespace.", f"GET {NAMESPACE}"),
    Rule("get_metadef_namespaces", LIST, "List namespaces.", (f"GET {NAMESPACES}",), READERS),
    _write("modify_metadef_namespace", "Change a namespace.", f"PUT {NAMESPACE}"),
    _write("add_metadef_namespace", "Create a namespace.", f"POST {NAMESPACES}"),
    _write(
        "delete_metadef_namespace",
        "Delete a namespace, or all its objects, properties or tags.",
        f"DELETE {NAMESPACE}",
        f"DELETE {NAMESPACE}/objects",
        f"DELETE {NAMESPACE}/properties",
        f"DELETE {NAMESPACE}/tags",
    ),
    _read("get_metadef_object", "See an object.", f"GET {OBJECT}"),
    _read("get_metadef_objects", "List objects.", f"GET {NAMESPACE}/objects"),
    _write("modify_metadef_object", "Change an object.", f"PUT {OBJECT}"),
    _write("add_metadef_object", "Create an object.", f"POST {NAMESPACE}/objects"),
    _write("delete_metadef_object", "Delete an object.", f"DELETE {OBJECT}"),
    Rule(
        "list_metadef_resource_types",
        LIST,
        "List the resource types there are.",
        (f"GET {METADEFS}/resource_types",),
        READERS,
    ),
    _read("get_metadef_resource_type", "See what a namespace is for.", f"GET {TYPES}"),
    _write(
        "add_metadef_resource_type_association",
        "Associate a namespace with a resource type.",
        f"POST {TYPES}",
    ),
    _write(
        "remove_metadef_resource_type_association",
        "Undo such an association.",
        f"DELETE {TYPES}/{{name}}",
    ),
    _read("get_metadef_property", "See a property.", f"GET {PROPERTY}"),
    _read("get_metadef_properties", "List properties.", f"GET {NAMESPACE}/properties"),
    _write("modify_metadef_property", "Change a property.", f"PUT {PROPERTY}"),
    _write("add_metadef_property", "Create a property.", f"POST {NAMESPACE}/properties"),
    _write("remove_metadef_property", "Delete a property.", f"DELETE {PROPERTY}"),
    _read("get_metadef_tag", "See a tag.", f"GET {TAG}"),
    _read("get_metadef_tags", "List tags.", f"GET {NAMESPACE}/tags"),
    _write("modify_metadef_tag", "Rename a tag.", f"PUT {TAG}"),
    _write("add_metadef_tag", "Create a tag.", f"POST {TAG}"),
    _write("add_metadef_tags", "Create or replace tags.", f"POST {NAMESPACE}/tags"),
    _write("delete_metadef_tag", "Delete a tag.", f"DELETE {TAG}"),
    _write("delete_metadef_tags", "Delete all tags.", f"DELETE {NAMESPACE}/tags"),
)
