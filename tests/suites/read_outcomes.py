"""Print, as a line of JSON each, how the tests of a subunit stream on standard input ended.

Run by the Python of the suites, which has the libraries for it.
"""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any

import subunit
import testtools

OUTCOMES = {"success": "pass", "xfail": "pass", "skip": "skip"}


def show(test: dict[str, Any]) -> None:
    if test["status"] in ("exists", "unknown"):
        return
    # What happens to a class as a whole is told as ``setUpClass (module.Class)``.
    name = re.sub(r"^setUpClass \((.*)\)$", r"\1", test["id"]).partition("[")[0]
    texts = [
        detail.as_text().strip()
        for key, detail in sorted(test["details"].items())
        if detail.content_type.type == "text" and key in ("reason", "traceback")
    ]
    outcome = OUTCOMES.get(test["status"], "fail")
    print(json.dumps({"name": name, "outcome": outcome, "text": "\n".join(texts)}))


reader = testtools.StreamToDict(show)
reader.startTestRun()
stream = io.BytesIO(sys.stdin.buffer.read())
subunit.ByteStreamToStreamResult(stream, non_subunit_name="stdout").run(reader)
reader.stopTestRun()
