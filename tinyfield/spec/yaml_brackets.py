"""Quotes, brackets, commas and odd characters: what is wrong inside a line of YAML."""

from __future__ import annotations

import re

from tinyfield.spec.yaml_lines import Cause, above_line, indent, shortened, with_line
from tinyfield.spelling import nearest


def quote(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    mark = text[column - 1 : column] or "'"
    without = text[: column - 1] + " " + text[column:]
    return Cause(
        line,
        column,
        f"a quote {mark} that is never closed",
        f"close it with {mark}, or leave it out",
        1,
        [with_line(lines, line, without)],
    )


def escape(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1].replace("\\", "/")
    return Cause(
        line,
        max(1, column - 1),
        "a '\\' in double quotes begins a special character",
        "use single quotes instead",
        2,
        [with_line(lines, line, text)],
    )


def strange(line: int, column: int, opened: tuple[int, int] | None, lines: list[str]) -> Cause:
    if opened is not None:
        line, column = opened
    text = lines[line - 1]
    char = text[column - 1 : column] or "?"
    value = re.match(r"[^,}\]\s#]*", text[column - 1 :])
    said = value.group() if value and value.group() else char
    if char == "*" and re.fullmatch(r"\*\w+", said):
        return _lost_anchor(line, column, said[1:], lines)
    quoted = text[: column - 1] + " " + text[column:]
    return Cause(
        line,
        column,
        f"a value cannot begin with {char!r}",
        f"quote it: '{said}'",
        len(said),
        [with_line(lines, line, quoted)],
    )


def _lost_anchor(line: int, column: int, name: str, lines: list[str]) -> Cause:
    """``*name`` where no ``&name`` stands above."""
    text = lines[line - 1]
    anchors = re.findall(r"(?:^|[\s,\[{:])&(\w+)", "\n".join(lines[: line - 1]))
    near = nearest(name, anchors)
    hint = f"write '&{name}' before the value that it repeats, above"
    if near is not None:
        hint = f"did you mean '*{near}'?"
    before, after = text[: column - 1], text[column + len(name) :]
    repaired = f"{before}*{near}{after}" if near else f"{before} {name}{after}"
    if near is None and re.fullmatch(r"\s*[\w.]+:\s+", before):
        repaired = ""  # of a value that nobody knows nothing more is said
    return Cause(
        line,
        column,
        f"there is no '&{name}' above",
        hint,
        len(name) + 1,
        [with_line(lines, line, repaired)],
    )


def folded(line: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    match = re.search(r":\s+([>|])", text)
    column = match.start(1) + 1 if match else 1
    char = match.group(1) if match else ">"
    value = text[column - 1 :].strip()
    return Cause(
        line,
        column,
        f"a value cannot begin with {char!r}",
        f"quote it: '{shortened(value)}'",
        1,
        [with_line(lines, line, text[: column - 1] + " " + text[column:])],
    )


def stray(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1] if line <= len(lines) else ""
    char = text[column - 1 : column]
    if char and char in ",]}":
        return Cause(
            line,
            column,
            f"{char!r} where a value is needed",
            f"write a value, or remove {char!r}",
            1,
            [with_line(lines, line, text[: column - 1] + " " + text[column:])],
        )
    return Cause(line, column, "a value is missing here", "write it, or remove the key", 1)


def flow(problem: str, line: int, column: int, opened: tuple[int, int], lines: list[str]) -> Cause:
    """Inside { } or [ ]: never closed, closed by the wrong bracket, or a comma missing."""
    text = lines[line - 1] if line <= len(lines) else ""
    bracket = lines[opened[0] - 1][opened[1] - 1 : opened[1]] or "{"
    closing = {"{": "}", "[": "]"}.get(bracket, "}")
    got = text[column - 1 : column]
    if got in ("}", "]") and got != closing and line == opened[0]:
        fixed = text[: column - 1] + closing + text[column:]
        return Cause(
            line,
            column,
            f"{bracket!r} is closed by {got!r}",
            f"write {closing!r}",
            1,
            [with_line(lines, line, fixed)],
        )
    key_at = key_before(text, column) if "':'" in problem else column
    first_on_line = not text[: key_at - 1].strip() or line > len(lines) or not text.strip()
    if line == opened[0] or (not first_on_line and "<stream end>" not in problem):
        return no_comma(line, key_at, lines)
    above = above_line(lines, line)
    inside = indent(text) > indent(lines[opened[0] - 1])
    if inside and above is not None and "<stream end>" not in problem and above != opened[0]:
        end = len(lines[above - 1].rstrip())
        return Cause(
            above,
            end + 1,
            "a ',' is missing at the end of this line",
            "add ','",
            1,
            [with_line(lines, above, lines[above - 1].rstrip() + ",")],
        )
    first = lines[opened[0] - 1]
    body = re.sub(r"\s+#.*$", "", first).rstrip()
    repairs = [with_line(lines, opened[0], body + closing)]
    if above is not None and above > opened[0]:
        repairs.append(with_line(lines, above, lines[above - 1].rstrip() + closing))
    return Cause(
        opened[0],
        opened[1],
        f"a {bracket!r} that is never closed",
        f"add {closing!r} at its end",
        1,
        repairs,
    )


def key_before(text: str, column: int) -> int:
    """The column of the word before a ':'."""
    before = text[: column - 1].rstrip()
    match = re.search(r"[^\s,{}\[\]]+$", before)
    return match.start() + 1 if match else column


def no_comma(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    word = re.match(r"['\"]?[^\s,:{}\[\]'\"]*", text[column - 1 :])
    said = word.group().strip("'\"") if word else ""
    space = text[: column - 1].rstrip()
    mended = space + "," + text[len(space) + 1 :] if len(space) < column - 1 else text
    return Cause(
        line,
        column,
        f"a ',' is missing before {said!r}" if said else "a ',' is missing here",
        f"write ', {said}'" if said else "separate the entries by ','",
        max(1, len(said)),
        [with_line(lines, line, mended)],
    )
