"""Property protections: who may create, read, update and delete which properties.

The file is Glance's ``property_protection_file``: one section for each
regular expression, searched in the name; the first section that matches
decides; a property that none matches is nobody's.
"""

from __future__ import annotations

import configparser
import dataclasses
import functools
import re
from typing import Any

from glance_shim import errors

OPERATIONS = ("create", "read", "update", "delete")
EVERYBODY, NOBODY = "@", "!"


@dataclasses.dataclass(frozen=True)
class Section:
    pattern: re.Pattern[str]
    permissions: dict[str, tuple[str, ...]]


class Protections:
    """The sections of one file; without sections everything is allowed.

    Properties beginning ``os_glance`` belong to the service and are always
    allowed; clients cannot name them.
    """

    def __init__(self, sections: tuple[Section, ...] = (), by_policy: bool = False) -> None:
        self.active = bool(sections)
        self._by_policy = by_policy
        self._section = functools.lru_cache(4096)(functools.partial(_first_match, sections))

    def allows(self, operation: str, name: str, context: Any) -> bool:
        """May the caller do ``operation`` with the property?"""
        if not self.active or name.startswith("os_glance"):
            return True
        section = self._section(name)
        if section is None:
            return False
        permissions = section.permissions[operation]
        if EVERYBODY in permissions:
            return True
        if self._by_policy:
            return any(
                permission != NOBODY and context.allows(permission, {})
                for permission in permissions
            )
        return any(
            permission in context.effective_roles or permission in context.service_roles
            for permission in permissions
        )

    def readable(self, properties: dict[str, str], context: Any) -> dict[str, str]:
        """The properties that the caller may see."""
        if not self.active:
            return properties
        return {
            name: value
            for name, value in properties.items()
            if self.allows("read", name, context)
        }


def _first_match(sections: tuple[Section, ...], name: str) -> Section | None:
    for section in sections:
        if section.pattern.search(name):
            return section
    return None


def load(path: str | None, rule_format: str, policy: Any) -> Protections:
    """Read the file; raises `errors.ConfigurationError` where it is not clear."""
    if not path:
        return Protections()
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        sections = tuple(
            Section(re.compile(name), _permissions(name, parser[name], rule_format, policy))
            for name in parser.sections()
            if not name.startswith("os_glance")
        )
    except (OSError, ValueError, configparser.Error, re.error) as exc:
        raise errors.ConfigurationError(
            reason=f"property_protection_file {path} cannot be used: {exc}"
        ) from exc
    if not sections:
        raise errors.ConfigurationError(
            reason=f"property_protection_file {path} has no section"
        )
    return Protections(sections, rule_format == "policies")


def _permissions(
    name: str, values: Any, rule_format: str, policy: Any
) -> dict[str, tuple[str, ...]]:
    permissions = {}
    for operation in OPERATIONS:
        if operation not in values:
            raise ValueError(f"section [{name}] has no '{operation}'")
        words = tuple(word.strip() for word in values[operation].split(",") if word.strip())
        if EVERYBODY in words and NOBODY in words:
            raise ValueError(f"'{operation}' of section [{name}] has both @ and !")
        if rule_format == "policies":
            if len(words) > 1:
                raise ValueError(f"'{operation}' of section [{name}] names several policies")
            _require_known(name, words, policy)
        else:
            words = tuple(word.lower() for word in words)
        permissions[operation] = words
    return permissions


def _require_known(name: str, words: tuple[str, ...], policy: Any) -> None:
    for word in words:
        if word not in (EVERYBODY, NOBODY) and not policy.defines(word):
            raise ValueError(
                f"section [{name}] names the policy '{word}', which does not exist"
            )
