"""Every rule: its name, its check, a sentence, and the operations it guards.

Names are Glance's, so that an operator's policy.yaml works as it is; the
checks are the default ones of release 2026.2. ``get_image_activity`` guards
a call that Glance does not have.
"""

from __future__ import annotations

from oslo_policy import policy

from glance_shim.policy import image_rules, metadef_rules

RULES = (*image_rules.RULES, *metadef_rules.RULES)

# Operations that any authenticated caller may do.
UNGUARDED = (
    "GET /v2/info/import",
    "GET /v2/info/stores",
    "GET /v2/info/usage",
    "GET /v2/schemas/{name}",
    "GET /v2/schemas/metadefs/{name}",
)


def list_rules() -> list[policy.RuleDefault]:
    """The rules as oslo.policy knows them, for its sample generator."""
    return [
        policy.DocumentedRuleDefault(
            rule.name,
            rule.check,
            rule.sentence,
            [
                {"method": operation.split()[0], "path": operation.split()[1]}
                for operation in rule.operations
            ],
        )
        if rule.operations
        else policy.RuleDefault(rule.name, rule.check, rule.sentence)
        for rule in RULES
    ]
