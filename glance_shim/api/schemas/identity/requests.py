"""What clients send to the Identity API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow
from marshmallow import Schema, fields, validate, validates_schema

from glance_shim.api.schemas.identity.wire import Moment
from glance_shim.core.identity.passwords import LONGEST

LARGEST_BODY = 64 * 1024

# It has as many bytes, which a document can only say of characters.
OF_A_PASSWORD = {"minLength": 1, "maxLength": LONGEST}


class Input(Schema):
    """Something that is sent; keys that mean nothing here are passed over."""

    class Meta:
        unknown = marshmallow.EXCLUDE


class Named(Input):
    """Something that is meant by its id, or by its name."""

    id = fields.String(validate=validate.Length(min=1))
    name = fields.String(validate=validate.Length(min=1))

    @validates_schema
    def _is_meant(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if "id" not in data and "name" not in data:
            raise marshmallow.ValidationError("An id or a name is missing.")


class InDomain(Named):
    domain = fields.Nested(Named)


# Logging in


class PasswordUserSchema(InDomain):
    password = fields.String(required=True, metadata=OF_A_PASSWORD)


class PasswordProofSchema(Input):
    user = fields.Nested(PasswordUserSchema, required=True)


class TokenProofSchema(Input):
    id = fields.String(required=True)


class CredentialProofSchema(Named):
    secret = fields.String(required=True, metadata=OF_A_PASSWORD)
    user = fields.Nested(InDomain)

    @validates_schema
    def _is_somebodys(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if "id" not in data and "user" not in data:
            raise marshmallow.ValidationError("A credential by name needs its user.", "user")


class ProofSchema(Input):
    methods = fields.List(
        fields.String(validate=validate.OneOf(["password", "token", "application_credential"])),
        required=True,
        validate=validate.Length(equal=1),
    )
    password = fields.Nested(PasswordProofSchema)
    token = fields.Nested(TokenProofSchema)
    application_credential = fields.Nested(CredentialProofSchema)

    @validates_schema
    def _is_there(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        for method in data["methods"]:
            if method not in data:
                raise marshmallow.ValidationError("This is missing.", method)


class SystemSchema(Input):
    all = fields.Boolean(required=True, validate=validate.Equal(True))


class ScopeSchema(Input):
    project = fields.Nested(InDomain)
    domain = fields.Nested(Named)
    system = fields.Nested(SystemSchema)
    unscoped = fields.Dict()

    @marshmallow.pre_load
    def _from_text(self, data: Any, **kwargs: Any) -> Any:
        return {"unscoped": {}} if data == "unscoped" else data

    @validates_schema
    def _is_one(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if len(data) != 1:
            raise marshmallow.ValidationError("One of project, domain, system is needed.")


class AuthSchema(Input):
    identity = fields.Nested(ProofSchema, required=True)
    scope = fields.Nested(ScopeSchema)


class AuthRequestSchema(Input):
    """A request for a token."""

    wire_name = "auth"
    largest_body = LARGEST_BODY

    auth = fields.Nested(AuthSchema, required=True)


# Other requests


class NewCredentialSchema(Input):
    name = fields.String(required=True)
    description = fields.String(allow_none=True)
    secret = fields.String(allow_none=True)
    roles = fields.List(fields.Nested(Named), allow_none=True)
    expires_at = Moment(allow_none=True)
    unrestricted = fields.Boolean(allow_none=True)
    access_rules = fields.List(
        fields.Raw(),
        allow_none=True,
        validate=validate.Length(max=0, error="Access rules are not supported."),
    )


class CredentialRequestSchema(Input):
    """A request for an application credential."""

    wire_name = "application_credential"
    largest_body = LARGEST_BODY

    application_credential = fields.Nested(NewCredentialSchema, required=True)


class PasswordsSchema(Input):
    original_password = fields.String(required=True, metadata=OF_A_PASSWORD)
    password = fields.String(required=True, metadata=OF_A_PASSWORD)


class PasswordChangeSchema(Input):
    """A request for another password of one's own."""

    wire_name = "password"
    largest_body = LARGEST_BODY

    user = fields.Nested(PasswordsSchema, required=True)


class ListQuery(Input):
    """How a list is narrowed down; what is not here is passed over."""

    name = fields.String()
    domain_id = fields.String()


class AssignmentsQuery(Input):
    user_id = fields.String(data_key="user.id")
    group_id = fields.String(data_key="group.id")
    role_id = fields.String(data_key="role.id")
    project_id = fields.String(data_key="scope.project.id")
    scope_domain_id = fields.String(data_key="scope.domain.id")
    system = fields.String(data_key="scope.system")
    include_names = fields.String()


class SubjectHeader(Input):
    """The token that a request is about."""

    wire_name = "headers"

    subject = fields.String(
        required=True, data_key="X-Subject-Token", validate=validate.Length(min=1)
    )


class TokenQuery(Input):
    nocatalog = fields.String()
    allow_expired = fields.String()
