"""Metadata definitions."""

from __future__ import annotations

from glance_shim.errors.families import Conflict, Forbidden, NotFound


class NamespaceNotFound(NotFound):
    message = "No namespace {namespace} could be found"


class NamespaceExists(Conflict):
    message = "There is a namespace {namespace} already"


class NamespaceProtected(Forbidden):
    message = (
        "Namespace {namespace} is protected, nothing of it can be deleted; set 'protected' "
        "to false first"
    )


class PartNotFound(NotFound):
    message = "Namespace {namespace} has no {kind} {name}"


class PartExists(Conflict):
    message = "There is a {kind} {name} already"
