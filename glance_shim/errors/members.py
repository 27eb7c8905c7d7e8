"""Members: the projects an image is offered to."""

from __future__ import annotations

from glance_shim.errors.families import Conflict, Forbidden, NotFound


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
