"""What the Identity API answers."""

from __future__ import annotations

from typing import Any

import marshmallow
from marshmallow import Schema, fields

from glance_shim.api.schemas.identity.wire import ListLinks, Moment, RoleListed, SelfLink
from glance_shim.core import identity
from glance_shim.core.identity import roles
from glance_shim.core.identity.tokens import Token


class DomainRefSchema(Schema):
    id = fields.Constant(identity.DOMAIN_ID)
    name = fields.Constant(identity.DOMAIN_NAME)


class RefSchema(Schema):
    id = fields.String()
    name = fields.String()


class OwnedRefSchema(RefSchema):
    domain = fields.Nested(DomainRefSchema)


class UserRefSchema(OwnedRefSchema):
    password_expires_at = fields.Constant(None, allow_none=True)


class TokenCredentialSchema(RefSchema):
    restricted = fields.Boolean()


class TokenSchema(Schema):
    methods = fields.List(fields.String())
    audit_ids = fields.List(fields.String())
    issued_at = Moment()
    expires_at = Moment()
    user = fields.Nested(UserRefSchema)
    project = fields.Nested(OwnedRefSchema)
    is_domain = fields.Boolean()
    domain = fields.Nested(DomainRefSchema)
    system = fields.Dict()
    roles = fields.List(fields.Nested(RefSchema))
    application_credential = fields.Nested(TokenCredentialSchema)
    catalog = fields.List(fields.Dict())


class TokenBodySchema(Schema):
    """A token with its catalog, of which the latter may be left out."""

    token = fields.Nested(TokenSchema)

    @marshmallow.pre_dump
    def _arranged(self, shown: tuple[Token, Any], **kwargs: Any) -> dict[str, Any]:
        token, catalog = shown
        document: dict[str, Any] = {
            "methods": token.methods,
            "audit_ids": token.audit_ids,
            "issued_at": token.issued_at,
            "expires_at": token.expires_at,
            "user": {"id": token.user_id, "name": token.user_name, "domain": {}},
        }
        document.update(TOKEN_SCOPES[token.scope](token))
        if token.scope is not None:
            document["roles"] = [role for role in roles.ROLES if role.name in token.roles]
            if catalog is not None:
                document["catalog"] = catalog
        if token.application_credential_id is not None:
            document["application_credential"] = {
                "id": token.application_credential_id,
                "name": token.application_credential_name,
                "restricted": not token.unrestricted,
            }
        return {"token": document}


def _of_project(token: Token) -> dict[str, Any]:
    project: dict[str, Any] = {"id": token.project_id, "name": token.project_name, "domain": {}}
    return {"project": project, "is_domain": False}


# What a token says about its scope, by the kind of it.
TOKEN_SCOPES = {
    "project": _of_project,
    "domain": lambda token: {"domain": {}},
    "system": lambda token: {"system": {"all": True}},
    None: lambda token: {},
}


class ProjectSchema(Schema):
    id = fields.String()
    name = fields.String()
    domain_id = fields.Constant(identity.DOMAIN_ID)
    description = fields.String()
    enabled = fields.Boolean()
    parent_id = fields.Constant(identity.DOMAIN_ID)
    is_domain = fields.Constant(False)
    tags = fields.Constant(list[str]())
    options = fields.Constant(dict[str, str]())
    links = SelfLink("projects/{0.id}")


class ProjectBodySchema(Schema):
    project = fields.Nested(ProjectSchema)


class ProjectsSchema(Schema):
    projects = fields.List(fields.Nested(ProjectSchema))
    links = ListLinks()


class UserSchema(Schema):
    id = fields.String()
    name = fields.String()
    domain_id = fields.Constant(identity.DOMAIN_ID)
    enabled = fields.Boolean()
    default_project_id = fields.String(allow_none=True)
    password_expires_at = fields.Constant(None, allow_none=True)
    options = fields.Constant(dict[str, str]())
    links = SelfLink("users/{0.id}")


class UserBodySchema(Schema):
    user = fields.Nested(UserSchema)


class UsersSchema(Schema):
    users = fields.List(fields.Nested(UserSchema))
    links = ListLinks()


class DomainSchema(Schema):
    id = fields.String()
    name = fields.String()
    description = fields.Constant("The only domain")
    enabled = fields.Constant(True)
    tags = fields.Constant(list[str]())
    options = fields.Constant(dict[str, str]())
    links = SelfLink("domains/{0.id}")


class DomainBodySchema(Schema):
    domain = fields.Nested(DomainSchema)


class DomainsSchema(Schema):
    domains = fields.List(fields.Nested(DomainSchema))
    links = ListLinks()


class RoleSchema(Schema):
    id = fields.String()
    name = fields.String()
    domain_id = fields.Constant(None, allow_none=True)
    description = fields.String()
    options = fields.Constant(dict[str, str]())
    links = SelfLink("roles/{0.id}")


class RoleBodySchema(Schema):
    role = fields.Nested(RoleSchema)


class RolesSchema(Schema):
    roles = fields.List(fields.Nested(RoleSchema))
    links = ListLinks()


class AssignmentSchema(Schema):
    """Who has which role where; the names only where they were asked for."""

    role = fields.Dict()
    user = fields.Dict()
    scope = fields.Dict()
    links = fields.Dict()


class AssignmentsSchema(Schema):
    role_assignments = fields.List(fields.Nested(AssignmentSchema))
    links = ListLinks()


class CatalogSchema(Schema):
    catalog = fields.List(fields.Dict())
    links = ListLinks()


class CredentialSchema(Schema):
    id = fields.String()
    name = fields.String()
    description = fields.String()
    user_id = fields.String()
    project_id = fields.String()
    roles = RoleListed()
    unrestricted = fields.Boolean()
    expires_at = Moment(allow_none=True)
    links = SelfLink("users/{0.user_id}/application_credentials/{0.id}")


class CredentialBodySchema(Schema):
    application_credential = fields.Nested(CredentialSchema)


class CreatedCredentialSchema(CredentialSchema):
    """The only answer with the secret."""

    secret = fields.String()


class CreatedCredentialBodySchema(Schema):
    application_credential = fields.Nested(CreatedCredentialSchema)


class CredentialsSchema(Schema):
    application_credentials = fields.List(fields.Nested(CredentialSchema))
    links = ListLinks()


class TenantSchema(Schema):
    id = fields.String()
    name = fields.String()
    description = fields.String()
    enabled = fields.Boolean()


class TenantBodySchema(Schema):
    tenant = fields.Nested(TenantSchema)


class TenantsSchema(Schema):
    tenants = fields.List(fields.Nested(TenantSchema))
    tenants_links = fields.Constant(list[str]())
