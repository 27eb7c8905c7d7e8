"""What these tests look with sees what it must see."""

from __future__ import annotations

from collections.abc import Callable

from browsing import Place, Visitor


def test_requests_to_another_host_and_errors_are_noticed(
    visit: Callable[..., Visitor], place: Place
) -> None:
    visitor = visit("platform", logged_in=False)
    visitor.page.goto(f"{place.root}/healthcheck")
    assert visitor.troubles == []

    visitor.page.evaluate("fetch('http://elsewhere.example/').catch(() => null)")
    visitor.page.evaluate("console.error('not well')")

    assert "request to http://elsewhere.example/" in visitor.troubles
    assert "console: not well" in visitor.troubles
    visitor.expect("elsewhere.example", "not well", "ERR_NAME_NOT_RESOLVED")
