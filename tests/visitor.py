"""A person with a browser that runs no scripts: follows links, fills in and sends forms."""

from __future__ import annotations

import urllib.parse
from typing import Any

import flask
from lxml import html

FORM = "application/x-www-form-urlencoded"


class Visitor:
    """What is on the screen is ``page``; forms are found by the words on their buttons."""

    def __init__(self, app: flask.Flask, base: str = "http://localhost") -> None:
        self.client = app.test_client()
        self.base = base
        self.response: Any = None
        self.page: Any = None
        self.path = ""

    # Moving about

    def open(self, path: str, **kwargs: Any) -> Visitor:
        """Look at a page, wherever it leads."""
        return self._request("GET", path, **kwargs)

    def _request(self, method: str, path: str, **kwargs: Any) -> Visitor:
        headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        headers.update(kwargs.pop("headers", {}))
        if self.path:
            headers.setdefault("Referer", self.base + self.path)
        response = self.client.open(
            path, method=method, headers=headers, base_url=self.base, **kwargs
        )
        for _ in range(5):
            if response.status_code not in (301, 302, 303, 307, 308):
                break
            path = urllib.parse.urljoin(self.base + path, response.headers["Location"])
            path = path.removeprefix(self.base)
            response = self.client.get(path, headers=headers, base_url=self.base)
        self.response, self.path = response, path
        is_page = response.mimetype == "text/html"
        self.page = _parsed(response.get_data(as_text=True)) if is_page else None
        return self

    def follow(self, words: str) -> Visitor:
        """Follow the first link whose words begin so."""
        for link in self.page.iter("a"):
            if text_of(link).startswith(words):
                return self.open(urllib.parse.urljoin(self.path, link.get("href")))
        raise AssertionError(f"no link {words!r} on {self.path}: {self.links()}")

    def links(self) -> list[str]:
        return [text_of(link) for link in self.page.iter("a")]

    def press(self, button: str, /, near: str = "", **fields: Any) -> Visitor:
        """Send the form with that button, with fields by name or label filled in.

        ``near`` are words that the form's row or section has, where there are
        several. A value that is a list is every value of that name; ``None``
        leaves a box unchecked.
        """
        form, pressed = self._form(button, near)
        values = _values(form)
        if pressed.get("name"):
            values.append((pressed.get("name"), pressed.get("value", "")))
        for label, given in fields.items():
            name = self._field(form, label)
            values = [pair for pair in values if pair[0] != name]
            each = given if isinstance(given, list) else [given]
            values += [(name, value) for value in each if value is not None]
        address = pressed.get("formaction") or form.get("action") or self.path
        action = urllib.parse.urljoin(self.path, address)
        data = urllib.parse.urlencode(values)
        if (form.get("method") or "get").lower() == "get":
            return self.open(f"{action.partition('?')[0]}?{data}")
        return self._request(
            "POST", action, data=data, content_type=FORM, headers={"Origin": self.base}
        )

    def _form(self, button: str, near: str) -> tuple[Any, Any]:
        buttons = [b for b in self.page.iter("button") if text_of(b).startswith(button)]
        for found in buttons:
            form = next(found.iterancestors("form"), None)
            if form is None:
                continue
            row = next(found.iterancestors("tr", "section", "li", "form"), form)
            if near in text_of(row):
                return form, found
        every = [text_of(b) for b in self.page.iter("button")]
        raise AssertionError(f"no button {button!r} near {near!r} on {self.path}: {every}")

    def _field(self, form: Any, label: str) -> str:
        if any(
            field.get("name") == label for field in form.iter("input", "select", "textarea")
        ):
            return label
        for each in form.iter("label"):
            if text_of(each).lower().startswith(label.replace("_", " ").lower()):
                return _labelled(form, each)
        raise AssertionError(f"no field {label!r} on {self.path}")

    # Looking

    @property
    def status(self) -> int:
        code: int = self.response.status_code
        return code

    @property
    def text(self) -> str:
        """What can be read on the page, with single blanks."""
        return text_of(self.page.find(".//main"))

    @property
    def title(self) -> str:
        return text_of(self.page.find(".//h1"))

    def buttons(self) -> list[str]:
        return [text_of(each) for each in self.page.find(".//main").iter("button")]

    def rows(self) -> list[str]:
        """The rows of the tables on the page, as text."""
        return [text_of(row) for row in self.page.iterfind(".//tbody/tr")]

    def value(self, name: str) -> str | None:
        """What stands in a field of the page."""
        for field in self.page.iter("input", "select", "textarea"):
            if field.get("name") == name:
                value = field.value
                return None if value is None else str(value)
        raise AssertionError(f"no field {name!r} on {self.path}")

    # Logging in

    def log_in(
        self, user: str, password: str, project: str = "", path: str = "/dashboard/"
    ) -> Visitor:
        self.open(path)
        assert self.title == "Log in", self.text
        return self.press("Log in", user=user, password=password, project=project)


def text_of(element: Any) -> str:
    return " ".join(element.text_content().split()) if element is not None else ""


def _parsed(text: str) -> Any:
    """The page as a browser has it: a line break that begins a text area is none of it."""
    page = html.fromstring(text)
    for area in page.iter("textarea"):
        area.text = (area.text or "").removeprefix("\n")
    return page


def _values(form: Any) -> list[tuple[str, str]]:
    """What the fields hold, with the line breaks that browsers send."""
    pairs = [(name, value) for name, value in form.form_values() if name]
    return [(n, value.replace("\r\n", "\n").replace("\n", "\r\n")) for n, value in pairs]


def _labelled(form: Any, label: Any) -> str:
    wanted = label.get("for")
    if wanted:
        return str(form.xpath(".//*[@id=$id]", id=wanted)[0].get("name"))
    return str(next(label.iter("input", "select", "textarea")).get("name"))
