"""The rules about images, tasks, stores and the cache.

In a check, ``project_id`` of the target is the owner of the image and
``member_id`` a project the image is offered to (the caller's own, where the
rule is about the image itself).
"""

from __future__ import annotations

from glance_shim.policy.rule import ADMIN, ADMINS_ONLY, OWNER, READERS, Rule

MEMBER = "project_id:%(member_id)s"
OFFERED = "'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s"
REACHABLE = f"({OWNER} or {MEMBER} or {OFFERED})"

OWNING_MEMBER = f"{ADMIN} or (role:member and {OWNER})"


IMAGE = "/v2/images/{image_id}"
CACHE = "/v2/cache"

RULES = (
    Rule("context_is_admin", "role:admin", "Who counts as an administrator."),
    Rule("default", ADMIN, "Stands in for a rule that is not defined."),
    Rule(
        "add_image",
        f"{ADMIN} or (role:member and {OWNER} and project_id:%(owner)s)",
        "Create an image.",
        ("POST /v2/images",),
        "it needs the role member in your project, or the role admin",
    ),
    Rule(
        "get_images",
        f"{ADMIN} or (role:reader and {OWNER})",
        "List images.",
        ("GET /v2/images",),
        READERS,
    ),
    Rule(
        "get_image",
        f"{ADMIN} or (role:reader and {REACHABLE})",
        "See an image, and everything that is done to it.",
        (f"GET {IMAGE}", f"GET {IMAGE}/tasks"),
    ),
    Rule(
        "get_image_activity",
        f"{ADMIN} or (role:reader and ({OWNER} or {MEMBER}))",
        "See who did what to an image; a member sees what concerns its own membership.",
        (f"GET {IMAGE}/activity",),
        "it needs the role reader in the owning project or in one the image is offered to",
    ),
    Rule(
        "modify_image",
        OWNING_MEMBER,
        "Change an image or its tags; stage and import its data.",
        (
            f"PATCH {IMAGE}",
            f"PUT {IMAGE}/tags/{{tag}}",
            f"DELETE {IMAGE}/tags/{{tag}}",
            f"PUT {IMAGE}/stage",
            f"POST {IMAGE}/import",
        ),
    ),
    Rule(
        "copy_image",
        ADMIN,
        "Copy the data of an image to other stores.",
        (f"POST {IMAGE}/import",),
        ADMINS_ONLY,
    ),
    Rule("delete_image", OWNING_MEMBER, "Delete an image.", (f"DELETE {IMAGE}",)),
    Rule(
        "publicize_image",
        ADMIN,
        "Make an image public.",
        ("POST /v2/images", f"PATCH {IMAGE}"),
        "only administrators may make an image public; shared and community are open to you",
    ),
    Rule(
        "communitize_image",
        OWNING_MEMBER,
        "Make an image a community image.",
        ("POST /v2/images", f"PATCH {IMAGE}"),
    ),
    Rule("upload_image", OWNING_MEMBER, "Upload image data.", (f"PUT {IMAGE}/file",)),
    Rule(
        "download_image",
        f"{ADMIN} or (role:member and {REACHABLE})",
        "Download image data.",
        (f"GET {IMAGE}/file",),
        "it needs the role member; reader is not enough",
    ),
    Rule(
        "download_from_store",
        f"{ADMIN} or (role:member and {REACHABLE})",
        "Say which store to download from.",
        (f"GET {IMAGE}/file",),
        "it needs the role member; reader is not enough",
    ),
    Rule(
        "deactivate",
        OWNING_MEMBER,
        "Keep the data of an image from being downloaded.",
        (f"POST {IMAGE}/actions/deactivate",),
    ),
    Rule(
        "reactivate",
        OWNING_MEMBER,
        "Let the data of an image be downloaded again.",
        (f"POST {IMAGE}/actions/reactivate",),
    ),
    Rule(
        "get_image_location",
        f"{ADMIN} or (role:reader and {OWNER})",
        "See where the data of an image lies.",
        (f"GET {IMAGE}",),
    ),
    Rule(
        "set_image_location",
        OWNING_MEMBER,
        "Add or replace locations of an image.",
        (f"PATCH {IMAGE}",),
    ),
    Rule(
        "delete_image_location",
        ADMIN,
        "Remove a location of an image, or its data from one store.",
        (f"PATCH {IMAGE}", "DELETE /v2/stores/{store_id}/{image_id}"),
        ADMINS_ONLY,
    ),
    Rule(
        "add_image_location",
        f"{ADMIN} or role:service or (role:member and {OWNER})",
        "Refer to data that is somewhere already.",
        (f"POST {IMAGE}/locations",),
    ),
    Rule(
        "fetch_image_location",
        f"{ADMIN} or role:service",
        "List the locations of an image.",
        (f"GET {IMAGE}/locations",),
        "it needs the role service or admin",
    ),
    Rule("add_member", OWNING_MEMBER, "Offer an image.", (f"POST {IMAGE}/members",)),
    Rule(
        "get_members",
        f"{ADMIN} or (role:reader and ({OWNER} or {MEMBER}))",
        "List the members of an image.",
        (f"GET {IMAGE}/members",),
    ),
    Rule(
        "get_member",
        f"{ADMIN} or (role:reader and ({OWNER} or {MEMBER}))",
        "See a member of an image.",
        (f"GET {IMAGE}/members", f"GET {IMAGE}/members/{{member_id}}"),
    ),
    Rule(
        "modify_member",
        f"{ADMIN} or (role:member and {MEMBER})",
        "Accept or reject an offered image.",
        (f"PUT {IMAGE}/members/{{member_id}}",),
        "only the member itself can answer an offer, with the role member",
    ),
    Rule(
        "delete_member",
        OWNING_MEMBER,
        "Take back an offer.",
        (f"DELETE {IMAGE}/members/{{member_id}}",),
    ),
    Rule(
        "tasks_api_access",
        ADMIN,
        "Look at tasks, and queue them.",
        (
            "GET /v2/tasks",
            "POST /v2/tasks",
            "GET /v2/tasks/{task_id}",
            "DELETE /v2/tasks/{task_id}",
        ),
        ADMINS_ONLY,
    ),
    Rule(
        "stores_info_detail",
        f"{ADMIN} or role:service",
        "See the details of the stores.",
        ("GET /v2/info/stores/detail",),
        "it needs the role admin or service",
    ),
    Rule(
        "cache_image",
        ADMIN,
        "Queue an image to be cached.",
        (f"PUT {CACHE}/{{image_id}}",),
        ADMINS_ONLY,
    ),
    Rule(
        "cache_list",
        ADMIN,
        "See what is in the cache, and what is to come.",
        (f"GET {CACHE}",),
        ADMINS_ONLY,
    ),
    Rule(
        "cache_delete",
        ADMIN,
        "Take images out of the cache and its queue.",
        (f"DELETE {CACHE}", f"DELETE {CACHE}/{{image_id}}"),
        ADMINS_ONLY,
    ),
    Rule(
        "list_cached_nodes",
        ADMIN,
        "See which nodes have an image in their cache.",
        (f"GET {CACHE}/nodes/{{image_id}}",),
        ADMINS_ONLY,
    ),
    Rule(
        "cache_clean",
        ADMIN,
        "Have damaged and stalled images dropped from the cache.",
        (f"POST {CACHE}/clean",),
        ADMINS_ONLY,
    ),
    Rule(
        "cache_prune",
        ADMIN,
        "Have the cache brought back to its size.",
        (f"POST {CACHE}/prune",),
        ADMINS_ONLY,
    ),
    Rule(
        "manage_image_cache",
        ADMIN,
        "Known from older releases of Glance; nothing asks for it.",
        hint=ADMINS_ONLY,
    ),
)
