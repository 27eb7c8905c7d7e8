"""What others offer to the project of the person who looks."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.core.identity import names
from glance_shim.dashboard import images as lists

blp = flask.Blueprint("offers", __name__, url_prefix="/offers")

TABS = {"pending": "Pending", "accepted": "Accepted", "rejected": "Rejected"}


@blp.get("")
def index() -> Any:
    """The offers with one answer, those that wait for one first."""
    request = at_hand.request()
    context = current_context()
    status = request.args.get("status", "pending")
    if status not in TABS:
        flask.abort(404)
    asked = {name: request.args[name] for name in ("before", "after") if name in request.args}
    page = lists.select(context, asked, {"among": "offers", "member_status": status})
    facts = {"member_id": context.project_id, "project_id": None, "owner": None}
    return flask.render_template(
        "offers.html",
        page=page,
        tabs=TABS,
        status=status,
        kept={"status": status},
        owners=names.of_owners(context, page.images),
        may_answer=context.allows("modify_member", facts),
    )
