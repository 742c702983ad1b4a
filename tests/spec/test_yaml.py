"""Text that is not YAML: the cause in plain words, and everything else still read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tinyfield.spec.diagnostics import Diagnostic
from tinyfield.spec.nodes import Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.yaml_marks import read_tree, scalar

CASES: dict[str, tuple[str, int, int, str, Any]] = {
    # name: (text, line, column, a piece of the cause, what is read all the same)
    "too deep behind a value": ("a: x\n  b: 1\nc: 2\n", 2, 3, "'b' is indented below 'a'",
                                {"a": "x", "b": 1, "c": 2}),
    "one space too many": ("s:\n  a: {x: 1}\n   b: {x: 2}\n  c: {x: 3}\n", 3, 4, "no level here",
                           {"s": {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}}}),
    "one space too few": ("s:\n  a: {x: 1}\n b: {x: 2}\n  c: {x: 3}\n", 3, 2, "no level here",
                          {"s": {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}}}),
    "the line above too deep": ("s:\n     a: 1\n  b: 2\n  c: 3\n", 2, 6, "unlike the lines below",
                                {"s": {"a": 1, "b": 2, "c": 3}}),
    "a header too deep": ("s:\n     a:\n    x: 1\n  b: {x: 2}\n", 2, 6, "deeper than the lines",
                          {"s": {"a": {"x": 1}, "b": {"x": 2}}}),
    "the first line": ("  a: 1\nb: 2\n", 1, 3, "the keys below are not", {"a": 1, "b": 2}),
    "two colons": ("a: 1\nb: x: y\n", 2, 5, "a second ':'", {"a": 1, "b": "x: y"}),
    "no colon": ("a: 1\nboard uno\nb: 2\n", 2, 1, "no ':' behind 'board'",
                 {"a": 1, "board": "uno", "b": 2}),
    "equals": ("a: 1\nboard = uno\nb: 2\n", 2, 1, "no ':' behind 'board'",
               {"a": 1, "board": "uno", "b": 2}),
    "no colon, first": ("board uno\na: 1\n", 1, 1, "no ':' behind 'board'",
                        {"board": "uno", "a": 1}),
    "no space": ("a:x\nb: 1\n", 1, 3, "no space behind 'a:'", {"a": "x", "b": 1}),
    "no space in braces": ("s: {a:x, b: 1}\n", 1, 7, "no space behind 'a:'",
                           {"s": {"a": "x", "b": 1}}),
    "open brace": ("s:\n  a: {x: 1\n  b: {x: 2}\n", 2, 6, "'{' that is never closed",
                   {"s": {"a": {"x": 1}, "b": {"x": 2}}}),
    "open brace, comment": ("s:\n  a: {x: 1 # note\n  b: 2\n", 2, 6, "never closed",
                            {"s": {"a": {"x": 1}, "b": 2}}),
    "open bracket": ("s:\n  a: [x, y\n  b: 2\n", 2, 6, "'[' that is never closed",
                     {"s": {"a": ["x", "y"], "b": 2}}),
    "open at the end": ("a: 1\ns: {x: 1\n", 2, 4, "never closed", {"a": 1, "s": {"x": 1}}),
    "comma": ("s: {a: x b: y}\n", 1, 10, "',' is missing before 'b'", {"s": {"a": "x", "b": "y"}}),
    "comma at a line's end": ("s: {a: x,\n    b: y\n    c: z}\n", 2, 9, "at the end of this line",
                              {"s": {"a": "x", "b": "y", "c": "z"}}),
    "one brace too many": ("s: {a: x}}\nb: 1\n", 1, 10, "without its '{'",
                           {"s": {"a": "x"}, "b": 1}),
    "the wrong bracket": ("s: [a, b}\nc: 1\n", 1, 9, "'[' is closed by '}'",
                          {"s": ["a", "b"], "c": 1}),
    "percent": ("a: %5\nb: 1\n", 1, 4, "cannot begin with '%'", {"a": 5, "b": 1}),
    "at sign": ("a: @x\nb: 1\n", 1, 4, "cannot begin with '@'", {"a": "x", "b": 1}),
    "alias": ("a: *x\nb: 1\n", 1, 4, "no '&x' above", {"b": 1}),
    "alias in a list": ("a: [*x, 2]\nb: 1\n", 1, 5, "no '&x' above", {"a": ["x", 2], "b": 1}),
    "misspelt alias": ("a: &one 1\nb: *on\n", 2, 4, "no '&on' above", {"a": 1, "b": 1}),
    "open quote": ("a: 'x\nb: 1\n", 1, 4, "never closed", {"a": "x", "b": 1}),
    "backslash": ('a: "C:\\dir"\nb: 1\n', 1, 7, "double quotes", {"a": "C:/dir", "b": 1}),
    "tab": ("s:\n\ta: 1\n\tb: 2\nc: 3\n", 2, 1, "a tab in the indentation (lines 3 too)",
            {"s": {"a": 1, "b": 2}, "c": 3}),
    "left over": ("a: 'x' y\nb: 1\n", 1, 8, "'y' is left over", {"a": "x", "b": 1}),
    "greater": ("s:\n  a: > 5\n  b: 1\n", 2, 6, "cannot begin with '>'", {"s": {"a": 5, "b": 1}}),
    "second document": ("a: 1\n---\nb: 2\n", 2, 1, "second document", {"a": 1, "b": 2}),
    "duplicate": ("a: 1\nb: 2\na: 3\n", 3, 1, "'a' is written twice", {"a": 1, "b": 2}),
    "unknown tag": ("a: !foo x\nb: 1\n", 1, 4, "unknown tag '!foo'", {"b": 1}),
    "list among keys": ("a:\n  b: 1\n  - c\nd: 2\n", 3, 3, "a list among", {"a": {"b": 1}, "d": 2}),
}  # fmt: skip


def read(folder: Path, text: str) -> tuple[Any, list[Diagnostic]]:
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    problems = Problems()
    root = read_tree(path, problems)
    return (root.value() if root else None), problems.found


@pytest.mark.parametrize("name", CASES)
def test_one_cause_and_the_rest_is_read(name: str, tmp_path: Path) -> None:
    text, line, column, cause, value = CASES[name]
    found_value, (only, *more) = read(tmp_path, text)
    assert not more
    assert (only.mark.line, only.mark.column) == (line, column)
    assert cause in only.message
    assert only.hint
    assert found_value == value


def test_places_behind_a_mended_spot_are_the_users(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    text = "s:\n  a: {x: 1}\n   b: {x: right}\nboard uno\n"
    path.write_text(text, encoding="utf-8")
    root = read_tree(path, Problems())
    assert root is not None
    lines = text.splitlines()
    todo, seen = [root], 0
    while todo:
        node = todo.pop()
        todo.extend(child for _, child in node.children())
        if isinstance(node, Scalar):
            mark = node.mark()
            assert lines[mark.line - 1][mark.column - 1 :].startswith(node.text), node.text
            seen += 1
    assert seen == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [("on", "on"), ("no", "no"), ("true", True), ("0x76", 118), ("0o17", 15), ("017", 17),
     ("1e3", 1000.0), (".5", 0.5), ("~", None), ("", None), ("1_000", "1_000"), ("-3", -3),
     ("2026-04-20", "2026-04-20"), ("12:30", "12:30"), ("0x", "0x"), (".", ".")],
)  # fmt: skip
def test_scalars_are_yaml_1_2(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: need == heavy\n", 8, (1, 12)),
        ("a: 'need == heavy'\n", 8, (1, 13)),
        ("a: need ==\n   heavy\n", 8, (2, 4)),
        ("a: >\n  need ==\n  heavy\n", 8, (3, 3)),
        ("a: |\n  need == heavy\n", 8, (2, 11)),
    ],
)
def test_offsets_point_into_any_style(
    tmp_path: Path, text: str, offset: int, place: tuple[int, int]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    root = read_tree(path, Problems())
    assert root is not None
    (_, node) = next(iter(root.children()))
    mark = node.mark(offset, 5)
    assert (mark.line, mark.column) == place
