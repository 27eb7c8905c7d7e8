"""Evaluating rules.

The default rules and an operator's file are read once, by oslo.policy. Its
checks are then turned into closures: evaluating them as they come costs about
75 microseconds each, which is more than the rest of a small request, and the
closures about one. A test compares both over all rules and callers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

import oslo_policy.policy
import yaml
from oslo_policy import _checks

from glance_shim import errors
from glance_shim.policy import rules

Evaluate = Callable[[Any, Mapping[str, Any]], bool]

PLACEHOLDER = re.compile(r"^%\((\w+)\)s$")

HINTS = {rule.name: rule.hint for rule in rules.RULES}

# What a check may ask of the caller, besides roles.
CREDENTIALS: dict[str, Callable[[Any], Any]] = {
    "user_id": lambda context: context.user_id,
    "user": lambda context: context.user_id,
    "project_id": lambda context: context.project_id,
    "tenant": lambda context: context.project_id,
    "domain_id": lambda context: context.domain_id,
    "system_scope": lambda context: "all" if context.scope == "system" else None,
    "service_roles": lambda context: context.service_roles,
}


class Enforcer:
    """The rules of one deployment."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        texts = {rule.name: rule.check for rule in rules.RULES}
        texts.update(overrides or {})
        self.overridden = frozenset(overrides or ())
        self._checks = dict(oslo_policy.policy.Rules.from_dict(texts))
        self._compiled: dict[str, Evaluate] = {}
        for name in self._checks:
            self._compiled[name] = self._compile(self._checks[name], (name,))

    def defines(self, rule: str) -> bool:
        """Is there a rule of this name?"""
        return rule in self._compiled

    def allows(self, rule: str, context: Any, target: Mapping[str, Any]) -> bool:
        """Does ``rule`` let the caller act on ``target``? A rule nobody defined raises."""
        return self._compiled[rule](context, target)

    def enforce(self, rule: str, context: Any, target: Mapping[str, Any]) -> None:
        """Raise `errors.Forbidden` unless ``rule`` lets the caller act on ``target``."""
        if not self.allows(rule, context, target):
            roles = ", ".join(sorted(context.effective_roles)) or "none"
            hint = HINTS.get(rule) if rule not in self.overridden else None
            raise errors.Forbidden(
                reason=f"{hint or 'the operator decides who may'} (rule {rule}; you act for "
                f"project {context.project_id} with the roles {roles})"
            )

    def _compile(self, check: Any, seen: tuple[str, ...]) -> Evaluate:
        for kind, build in COMPILERS:
            if isinstance(check, kind):
                return build(self, check, seen)
        raise errors.ConfigurationError(
            reason=f"policy rule '{seen[0]}' uses the check '{check}', which is not supported"
        )

    def _compile_rule(self, check: Any, seen: tuple[str, ...]) -> Evaluate:
        if check.match in seen or check.match not in self._checks:
            raise errors.ConfigurationError(
                reason=f"policy rule '{seen[0]}' refers to the rule '{check.match}', which "
                + ("refers back to it" if check.match in seen else "does not exist")
            )
        return self._compile(self._checks[check.match], (*seen, check.match))


def _compile_or(enforcer: Enforcer, check: Any, seen: tuple[str, ...]) -> Evaluate:
    parts = tuple(enforcer._compile(part, seen) for part in check.rules)

    def evaluate(context: Any, target: Mapping[str, Any]) -> bool:
        for part in parts:
            if part(context, target):
                return True
        return False

    return evaluate


def _compile_and(enforcer: Enforcer, check: Any, seen: tuple[str, ...]) -> Evaluate:
    parts = tuple(enforcer._compile(part, seen) for part in check.rules)

    def evaluate(context: Any, target: Mapping[str, Any]) -> bool:
        for part in parts:
            if not part(context, target):
                return False
        return True

    return evaluate


def _compile_not(enforcer: Enforcer, check: Any, seen: tuple[str, ...]) -> Evaluate:
    part = enforcer._compile(check.rule, seen)
    return lambda context, target: not part(context, target)


def _compile_role(enforcer: Enforcer, check: Any, seen: tuple[str, ...]) -> Evaluate:
    role = check.match.lower()
    return lambda context, target: role in context.effective_roles


def _compile_generic(enforcer: Enforcer, check: Any, seen: tuple[str, ...]) -> Evaluate:
    """``left:right``, where a side without a value never matches.

    oslo.policy compares the words, so that a caller without a project would
    match an image without an owner ("None" equals "None"); here it does not.
    """
    left, right = _left_side(check.kind), _right_side(check.match)

    def evaluate(context: Any, target: Mapping[str, Any]) -> bool:
        wanted, actual = right(target), left(context)
        if wanted is None or actual is None:
            return False
        if isinstance(actual, frozenset):
            return str(wanted) in actual
        return str(wanted) == str(actual)

    return evaluate


def _left_side(text: str) -> Callable[[Any], Any]:
    if text in CREDENTIALS:
        return CREDENTIALS[text]
    try:
        literal = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return lambda context: None
    return lambda context: literal


def _right_side(text: str) -> Callable[[Mapping[str, Any]], Any]:
    placeholder = PLACEHOLDER.match(text)
    if placeholder:
        name = placeholder[1]
        return lambda target: target.get(name)
    if "%(" in text:
        return lambda target: _filled(text, target)
    return lambda target: text


def _filled(text: str, target: Mapping[str, Any]) -> str | None:
    try:
        return text % target
    except KeyError:
        return None


COMPILERS: tuple[tuple[Any, Callable[[Enforcer, Any, tuple[str, ...]], Evaluate]], ...] = (
    (_checks.TrueCheck, lambda *_: lambda context, target: True),
    (_checks.FalseCheck, lambda *_: lambda context, target: False),
    (_checks.OrCheck, _compile_or),
    (_checks.AndCheck, _compile_and),
    (_checks.NotCheck, _compile_not),
    (_checks.RuleCheck, Enforcer._compile_rule),
    (_checks.RoleCheck, _compile_role),
    (_checks.GenericCheck, _compile_generic),
)


def load(path: str | None) -> Enforcer:
    """The rules, with those in the file at ``path`` in place of the default ones."""
    if not path:
        return Enforcer()
    try:
        with open(path, encoding="utf-8") as file:
            overrides = yaml.safe_load(file) or {}
    except (OSError, yaml.YAMLError) as exc:
        raise errors.ConfigurationError(
            reason=f"[oslo_policy] policy_file {path} cannot be read: {exc}"
        ) from exc
    if not isinstance(overrides, dict):
        raise errors.ConfigurationError(
            reason=f"[oslo_policy] policy_file {path} is not a table of rules"
        )
    return Enforcer({str(name): _text(check) for name, check in overrides.items()})


def _text(check: Any) -> str:
    return check if isinstance(check, str) else str(check or "")
