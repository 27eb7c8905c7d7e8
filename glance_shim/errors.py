"""Everything that can go wrong, as one tree.

    Error
      Invalid            the request cannot be understood or breaks a rule of form
      Unauthorized       nobody known is asking
      Forbidden          known, but may not
      NotFound           not there, or not there for this caller
      Conflict           not possible in the state things are in
      Gone               was there when the request began
      TooLarge           a limit or quota would be exceeded
      Unsupported        a media type or content that is not taken
      RangeNotSatisfiable
      RequestIdTooLong
      TooManyRequests    wait and try again
      Unavailable        a part this service needs does not answer
      ConfigurationError the service cannot start like this

Families decide the HTTP status (``api/errors.py`` holds that table); leaves
carry only a message, which says *why*: which limit, which role, which
project, which status. Raise a leaf where the fact is known and let it pass
everywhere else.
"""

from __future__ import annotations

from typing import Any

LONGEST_FACT = 256


class Error(Exception):
    """The root. ``facts`` fill the placeholders of ``message``.

    A fact longer than 256 characters is cut, so that no answer and no log
    line grows with what a client sent.
    """

    message = "The request failed"

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.message.format(**{k: _cut(v) for k, v in facts.items()}))


def _cut(fact: Any) -> Any:
    if isinstance(fact, str) and len(fact) > LONGEST_FACT:
        return fact[:LONGEST_FACT] + "…"
    return fact


class Invalid(Error):
    message = "{reason}"


class Unauthorized(Error):
    message = "This request needs a valid token"


class Forbidden(Error):
    message = "This is not allowed: {reason}"


class NotFound(Error):
    message = "{what} could not be found"


class Conflict(Error):
    message = "{reason}"


class Gone(Error):
    message = "{reason}"


class TooLarge(Error):
    message = "{reason}"


class Unsupported(Error):
    message = "{reason}"


class RangeNotSatisfiable(Error):
    message = "The range {range} does not lie within the {size} bytes of the image"

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.facts['size']}"}


class RequestIdTooLong(Error):
    message = "The request id is longer than {limit} characters (max_request_id_length)"


class TooManyRequests(Error):
    """``seconds`` is how long to wait; it becomes ``Retry-After``."""

    message = "Too many attempts; try again in {seconds} seconds"


class TooManyCalls(TooManyRequests):
    message = "More calls than {limit} a second ({option}); try again in {seconds} second(s)"


class Unavailable(Error):
    message = "{reason}"


class ConfigurationError(Error):
    """Raised before the first request is served; the command prints it and exits 1."""

    message = "{reason}"


# Bodies


class BodyMissing(Invalid):
    message = "The request has no body; a JSON {expected} is expected"


class BodyNotExpected(Invalid):
    message = "This request takes no body"


class BodyTooLarge(TooLarge):
    message = "A JSON body may have at most {limit} bytes"


class MalformedJSON(Invalid):
    message = "The body is not acceptable JSON: {reason}"


class SchemaBreach(Invalid):
    message = "The document does not follow the schema '{schema}': {reason}"


class BodyTruncated(Invalid):
    message = (
        "The body ended after {received} bytes, but {declared} were announced; "
        "nothing was kept, send the data again"
    )


class BodyTooSlow(Invalid):
    message = (
        "The body came too slowly to wait for its end, after {received} bytes "
        "(client_socket_timeout, min_upload_rate); nothing was kept, send the data again"
    )


class BodyUnreadable(Invalid):
    message = (
        "The body could not be read to its end after {received} bytes (connection "
        "lost or malformed chunks); nothing was kept, send the data again"
    )


# Images


class ImageNotFound(NotFound):
    message = "No image found with ID {image_id}"


class DuplicateImage(Conflict):
    message = "Image ID {image_id} is already used; choose another or leave it out"


class ReadOnlyAttribute(Forbidden):
    message = "Attribute '{name}' is read-only"


class ReservedAttribute(Forbidden):
    message = "Attribute '{name}' is reserved"


class AttributeNotRemovable(Forbidden):
    message = "Attribute '{name}' is a base property and can be changed but not removed"


class ForeignOwner(Forbidden):
    message = (
        "You are not permitted to create images owned by '{owner}'; only an "
        "administrator may name another owner than project {project_id}"
    )


class ImageProtected(Forbidden):
    message = (
        "Image {image_id} is protected and cannot be deleted; set 'protected' to false first"
    )


class WrongStatus(Conflict):
    message = "Image {image_id} has status '{status}', but {action} needs {needed}"


class WrongStatusForAction(Forbidden):
    message = "Image {image_id} has status '{status}', but {action} needs {needed}"


class FormatsFrozen(Forbidden):
    message = (
        "Attribute '{name}' can only be changed while the image is queued or "
        "importing; image {image_id} is '{status}'"
    )


class QuotaExceeded(TooLarge):
    message = "The limit {option} allows at most {limit} {what}; {count} were asked for"


class ProjectQuotaExceeded(TooLarge):
    message = (
        "Project {project_id} may have at most {limit} {what} ({option}); with "
        "this one it would have {count}"
    )


# Image data


class FormatsMissing(Invalid):
    message = "The image needs {names} before it can take data; set them first"


class FormatsChanged(Conflict):
    message = (
        "The disk_format or container_format of image {image_id} was changed while its "
        "data arrived; nothing was kept"
    )


class SizeMismatch(Invalid):
    message = (
        "x-openstack-image-size announced {declared} bytes, but {received} were "
        "received; nothing was kept"
    )


class ImageTooLarge(TooLarge):
    message = "Image data may have at most {limit} bytes (image_size_cap)"


class StorageQuotaExceeded(TooLarge):
    message = (
        "Project {project_id} may store {limit} bytes ({option}); {used} are in "
        "use and {wanted} more were asked for"
    )


class ImageDeletedMeanwhile(Gone):
    message = "Image {image_id} was deleted while its data arrived; nothing was kept"


class UnsafeContent(Unsupported):
    message = "The data of image {image_id} is refused: {reason}"


class SignatureInvalid(Invalid):
    message = "The signature of image {image_id} could not be verified: {reason}"


class Deactivated(Forbidden):
    message = (
        "Image {image_id} is deactivated; until it is reactivated only an administrator "
        "can download its data"
    )


class TooManyTransfers(Unavailable):
    message = (
        "As many transfers are under way as this server makes at once, {limit} ({option}); "
        "try again in a few seconds"
    )


class OutcomeUnknown(Unavailable):
    message = (
        "The database failed while image {image_id} was made active; look at the image "
        "before you send the data again"
    )


# Members


class MembersNeedShared(Forbidden):
    message = (
        "Only shared images have members; image {image_id} is {visibility}. "
        "Set its visibility to 'shared' first"
    )


class MemberNotFound(NotFound):
    message = "{member_id} is not a member of image {image_id}"


class MemberExists(Conflict):
    message = "Member {member_id} is duplicated for image {image_id}"


class NotTheMember(Forbidden):
    message = (
        "Only project {member_id}, the member itself, can change this status; "
        "you are asking for project {project_id}"
    )


# Tags and properties


class TagNotFound(NotFound):
    message = "Image {image_id} has no tag '{tag}'"


class PropertyExists(Conflict):
    message = "Property '{name}' already exists"


class PropertyMissing(Conflict):
    message = "Property '{name}' does not exist"


class PropertyProtected(Forbidden):
    message = "Property '{name}' is protected; you may not {operation} it"


# Lists


class MarkerNotFound(Invalid):
    message = "The marker {marker} could not be found"


# Fetching from elsewhere


class RefusedURL(Invalid):
    message = "The URL {url} cannot be fetched: {reason}"


class SourceFailed(Invalid):
    message = "The source failed: {reason}"


# Tasks


class TaskNotFound(NotFound):
    message = "No task found with ID {task_id}"


# Metadata definitions


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


# Stores


class BlobNotFound(Unavailable):
    message = "The data of an active image is missing from store '{store_id}'"


class DataChanged(Unavailable):
    message = (
        "The data of image {image_id} in store '{store_id}' is not what it was: there are "
        "{found} bytes, but the image has {size}"
    )


class StoreUnavailable(Unavailable):
    message = "Store '{store_id}' is not available at the moment"


class BlobUnreadable(StoreUnavailable):
    message = "Data in store '{store_id}' is there but cannot be read: {reason}"


class DataDamaged(Unavailable):
    message = (
        "The data of image {image_id} is damaged in every store that has it; an administrator "
        "can look with 'glance-shim verify'"
    )


class StoreUnusable(StoreUnavailable):
    message = "Store '{store_id}' cannot be used: {reason}"


class StoreFull(TooLarge):
    message = "Store '{store_id}' has no room for the data"


class StoreReadOnly(Gone):
    message = "Store '{store_id}' is read-only"


class UnknownStore(Invalid):
    message = "There is no store '{store_id}'; the stores are: {known}"


# Identity


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
