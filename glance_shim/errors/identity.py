"""Our own identity: users, projects, roles, tokens."""

from __future__ import annotations

from glance_shim.errors.families import Invalid, NotFound, Unauthorized, Unavailable


class LoginRefused(Unauthorized):
    """One text for all that can be wrong, so that it tells nobody what was right."""

    message = "Wrong user, password, secret or token, or no role in the scope asked for"


class PasswordUnusable(Invalid):
    message = "A password has 1 to {limit} bytes (as UTF-8, in normal form C)"


class PasswordChecksBusy(Unavailable):
    message = "Too many passwords are being checked at the moment"


class UnusableName(Invalid):
    message = (
        "The name of a {what} has 1 to {limit} characters, no control characters, and no "
        "blank at its ends"
    )


class UserNotFound(NotFound):
    message = "Could not find user {user}"


class ProjectNotFound(NotFound):
    message = "Could not find project {project}"


class RoleNotFound(NotFound):
    message = "Could not find role {role}; the roles are: {known}"


class ApplicationCredentialNotFound(NotFound):
    message = "Could not find application credential {credential}"


class TokenNotFound(NotFound):
    message = "Could not find the token in X-Subject-Token"
