"""The same done to several images of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.core import images
from glance_shim.dashboard import presenting, security, session
from glance_shim.dashboard.errors import MENDABLE

blp = flask.Blueprint("bulk", __name__, url_prefix="/images")

ACTIONS: dict[str, tuple[Callable[..., None], str]] = {
    "deactivate": (images.deactivate, "deactivated"),
    "reactivate": (images.reactivate, "reactivated"),
    "delete": (images.delete, "deleted"),
}


@blp.post("/bulk")
def act() -> Any:
    """Do it to each of the chosen images; deletion is asked for once more."""
    context = current_context()
    form = at_hand.request().form
    back = security.own_path(form.get("back")) or flask.url_for("dashboard.images.index")
    chosen = list(dict.fromkeys(form.getlist("id")))[: context.config.api_limit_max]
    action = form.get("action", "")
    if action not in ACTIONS:
        raise errors.Invalid(reason="Say what is to be done with the chosen images")
    if not chosen:
        session.note("Choose at least one image", "bad")
        return flask.redirect(back, 303)
    if action == "delete" and not form.get("confirmed"):
        found = [images.get(context, image_id) for image_id in chosen]
        return flask.render_template("bulk.html", images=found, back=back)
    _act(action, chosen)
    return flask.redirect(back, 303)


def _act(action: str, chosen: list[str]) -> None:
    """Do what can be done, and say of how many; the first refusal is told too."""
    context = current_context()
    act_on, words = ACTIONS[action]
    done, refused = 0, []
    for image_id in chosen:
        try:
            act_on(context, image_id)
            done += 1
        except MENDABLE as exc:
            refused.append(str(exc))
    if done:
        session.note(f"{presenting.plural(done, 'image')} {words}")
    if refused:
        count = presenting.plural(len(refused), "image")
        session.note(f"{count} could not be {words}: {refused[0]}", "bad")
