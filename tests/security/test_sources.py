"""What the program's own text must not contain."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import glance_shim

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_constants
    import sre_parse

ROOT = Path(glance_shim.__file__).parent
TREES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in ROOT.rglob("*.py")
}


def nodes(kind: Any) -> Iterator[tuple[str, Any]]:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield name, node


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_H_37_no_check_goes_with_the_optimise_flag() -> None:
    # What others test with may assert, as tests do.
    found = [name for name, _ in nodes(ast.Assert) if not name.startswith("testing/")]

    assert found == []


# qemu-img is run where an operator asks for it; what others test with starts a server.
RUN = re.compile(
    r"(subprocess\.\w+|os\.(system|popen|spawn\w*|exec\w*|posix_spawn\w*)|eval|exec|compile"
    r"|(pickle|marshal|shelve|dill)\.\w+|yaml\.(load|unsafe_load|full_load)\w*|__import__)"
)
ALLOWED = {
    ("core/import_plugins.py", "subprocess.run"),
    ("testing/process.py", "subprocess.Popen"),
}


def test_H_46_nothing_runs_text() -> None:
    found = {
        (name, called(node)) for name, node in nodes(ast.Call) if RUN.fullmatch(called(node))
    }

    assert found == ALLOWED
    for name, node in nodes(ast.Call):
        for keyword in node.keywords:
            assert keyword.arg != "shell", name
        if called(node) == "subprocess.run":
            assert isinstance(node.args[0], (ast.List, ast.Tuple, ast.Name)), name


SECRET = re.compile(r"(?i)(token|secret|password|csrf|signature|digest|hash)")
HARMLESS = re.compile(
    r"(?i)(algo|algorithm|hash_value|staged|len\(|_hash_|checksum|hexdigest|user_id|path)"
)


def test_P_27_secrets_are_not_compared_by_the_usual_operator() -> None:
    """Names of them stand on neither side of ``==``; hashes of data are no secrets."""
    found = []
    for name, node in nodes(ast.Compare):
        if not any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        text = ast.unparse(node)
        if SECRET.search(text) and not HARMLESS.search(text):
            found.append((name, text))

    # These are clauses of a query, which looks a row up by its hash or id.
    assert [each for each in found if not each[0].startswith("db/")] == []


def patterns() -> Iterator[tuple[str, str]]:
    """Every regular expression that is written out."""
    for name, node in nodes(ast.Call):
        if re.fullmatch(
            r"re\.(compile|match|fullmatch|search|sub|split|findall|finditer)", called(node)
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                text = first.value
                yield name, text.decode("latin-1") if isinstance(text, bytes) else text


def nested(parsed: Any, within: bool = False) -> bool:
    """Does something that may repeat without end contain another such thing?"""
    for op, value in parsed:
        if op in (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT):
            _, most, inner = value
            endless = most is sre_constants.MAXREPEAT
            if (endless and within) or nested(inner, within or endless):
                return True
        elif op is sre_constants.SUBPATTERN:
            if nested(value[-1], within):
                return True
        elif op is sre_constants.BRANCH:
            if any(nested(branch, within) for branch in value[1]):
                return True
        elif op in (sre_constants.ASSERT, sre_constants.ASSERT_NOT) and nested(
            value[1], within
        ):
            return True
    return False


# Each begins what it repeats with a line end, which none of its parts can match.
SOUND = {r"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*version[ \t]*="}


def test_P_07_no_pattern_repeats_within_a_repeat() -> None:
    found = [
        (name, text)
        for name, text in patterns()
        if nested(sre_parse.parse(text)) and text not in SOUND
    ]

    assert found == []
    assert len(list(patterns())) > 20


@pytest.mark.parametrize(
    "text, is_nested", [("(a+)+", True), ("(a|b+)*", True), ("(ab?)+", False)]
)
def test_a_pattern_that_repeats_within_a_repeat_is_found(text: str, is_nested: bool) -> None:
    assert nested(sre_parse.parse(text)) is is_nested
