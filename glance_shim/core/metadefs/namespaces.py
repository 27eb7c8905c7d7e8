"""Namespaces of metadata definitions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import events, quotas
from glance_shim.core.metadefs import parts
from glance_shim.db import connection
from glance_shim.db.metadefs import namespaces as rows
from glance_shim.db.metadefs import parts as part_rows
from glance_shim.db.metadefs.namespaces import NamespaceRow
from glance_shim.db.metadefs.parts import PartRow
from glance_shim.policy import visibility as seen

log = logging.getLogger(__name__)

VISIBILITIES = ("public", "private")

# What a document calls the kinds of parts, and the rule for creating them.
CONTENTS = {
    "resource_type_associations": ("association", "add_metadef_resource_type_association"),
    "objects": ("object", "add_metadef_object"),
    "tags": ("tag", "add_metadef_tags"),
    "properties": ("property", "add_metadef_property"),
}


def target(namespace: NamespaceRow) -> dict[str, Any]:
    """The facts about a namespace that rules look at."""
    return {
        "project_id": namespace.owner,
        "owner": namespace.owner,
        "visibility": namespace.visibility,
        "namespace": namespace.namespace,
    }


def get(
    context: Context, name: str, rule: str = "get_metadef_namespace", *needed: str
) -> NamespaceRow:
    """The namespace, if this caller may see it; else raises `errors.NamespaceNotFound`.

    ``rule`` is the one for reading what is asked for. Further rules that are
    ``needed`` are enforced once the namespace is seen.
    """
    namespace = rows.find(name, seen.namespaces_seen(context))
    if namespace is None or not context.allows(rule, target(namespace)):
        raise errors.NamespaceNotFound(namespace=name)
    for each in needed:
        context.enforce(each, target(namespace))
    return namespace


def get_for_change(context: Context, name: str, *rules: str) -> NamespaceRow:
    """The namespace, if the caller sees it and all the rules let it be changed."""
    return get(context, name, "get_metadef_namespace", *rules)


def require_unprotected(namespace: NamespaceRow) -> None:
    """Raise `errors.NamespaceProtected` if nothing of it may be deleted."""
    if namespace.protected:
        raise errors.NamespaceProtected(namespace=namespace.namespace)


def contents(namespaces: Sequence[NamespaceRow], kind: str | None = None) -> list[PartRow]:
    """The parts of some namespaces, of one kind or all, in one query."""
    return part_rows.select([each.id for each in namespaces], kind) if namespaces else []


def get_all(
    context: Context,
    visibility: str | None = None,
    resource_types: Sequence[str] | None = None,
    sort: Sequence[tuple[str, str]] = (("created_at", "desc"), ("id", "desc")),
    limit: int = 25,
    marker: str | None = None,
) -> list[NamespaceRow]:
    """One page of the namespaces that the caller sees.

    Raises `errors.NamespaceNotFound` for a marker, also where the caller may not see it,
    which Glance tells apart by 403.
    """
    if not context.allows("get_metadef_namespaces", {"project_id": context.project_id}):
        raise errors.NotFound(what="The resource")
    return rows.select(
        seen.namespaces_seen(context),
        visibility,
        resource_types,
        sort,
        limit,
        None if marker is None else _marker(context, marker),
    )


def _marker(context: Context, name: str) -> NamespaceRow:
    namespace = rows.find(name, seen.namespaces_seen(context))
    if namespace is None:
        raise errors.NamespaceNotFound(namespace=name)
    return namespace


def create(context: Context, document: Mapping[str, Any]) -> NamespaceRow:
    """Make a namespace with all that the document says it holds, or nothing.

    Raises `errors.NamespaceExists`, also for one that the caller does not see,
    and `errors.PartExists` where the document has a part twice.
    """
    values = {key: value for key, value in document.items() if key not in CONTENTS}
    values.setdefault("owner", context.project_id)
    facts = {"project_id": values["owner"], "owner": values["owner"]}
    used = [rule for key, (_, rule) in CONTENTS.items() if document.get(key)]
    for rule in ("add_metadef_namespace", *used):
        context.enforce(rule, {**facts, "visibility": values.get("visibility", "private")})
    with connection.writing():
        limit = context.config.metadef_namespace_limit
        quotas.require("metadef_namespace_limit", limit, rows.count() + 1, "namespaces")
        namespace = rows.add(**_complete(values))
        events.namespace(context.deployment, "create", namespace)
        for kind, name, definition in described(document):
            parts.add(context, namespace, kind, name, definition)
    log.info("Namespace %s is created by project %s", namespace.namespace, context.project_id)
    return namespace


def described(document: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """The parts that a document names, as kind, name and definition."""
    found = []
    for key, (kind, _) in CONTENTS.items():
        given = document.get(key) or ()
        if kind == "property":
            found += [(kind, name, dict(given[name])) for name in given]
        else:
            found += [(kind, part["name"], _unnamed(part)) for part in given]
    return found


def _unnamed(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "name"}


def _complete(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a namespace, with what it has when nothing else is said."""
    defaults = {"display_name": None, "description": None, "visibility": "private"}
    return {**defaults, "protected": False, **values}


def update(context: Context, name: str, document: Mapping[str, Any]) -> NamespaceRow:
    """Replace the attributes of a namespace; what it holds stays as it is.

    What the document leaves out is as in a new namespace.
    """
    values = {key: value for key, value in document.items() if key not in CONTENTS}
    values.setdefault("owner", context.project_id)
    with connection.writing():
        namespace = get_for_change(context, name, "modify_metadef_namespace")
        changed = rows.save(namespace, **_complete(values))
        events.namespace(context.deployment, "update", changed, old=namespace.namespace)
        return changed


def delete(context: Context, name: str) -> None:
    """Remove a namespace with all it holds; resource types stay known."""
    with connection.writing():
        namespace = get_for_change(context, name, "delete_metadef_namespace")
        require_unprotected(namespace)
        rows.delete(namespace)
        events.namespace(context.deployment, "delete", namespace)
    log.info("Namespace %s is deleted by project %s", name, context.project_id)
