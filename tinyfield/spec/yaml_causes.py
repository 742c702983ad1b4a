"""What a YAML syntax error means, in plain words, and how the line could be mended."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_KEY = re.compile(r"\s*(?:- )?['\"]?([^\s:'\"{}\[\],][^:{}\[\],]*?)['\"]?\s*:(\s|$)")


@dataclass
class Cause:
    """A syntax mistake: place (from 1), cause, cure, and texts with it mended.

    ``lines`` are further lines with the very same mistake, mended along with it.
    """

    line: int
    column: int
    message: str
    hint: str
    width: int = 1
    repairs: list[list[str]] = field(default_factory=list)
    lines: tuple[int, ...] = ()


def cause_of(error: Any, lines: list[str]) -> Cause:
    """The cause of one of the YAML reader's errors."""
    problem = str(getattr(error, "problem", None) or error)
    place = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (place.line + 1, place.column + 1) if place else (1, 1)
    start = getattr(error, "context_mark", None)
    opened = (start.line + 1, start.column + 1) if start else None
    if "'\\t'" in problem:
        return _tabs(line, column, lines)
    if "mapping values are not allowed" in problem:
        return _colon(line, column, lines)
    if "could not find expected ':'" in problem and opened:
        return _no_colon(opened[0], lines)
    if "unexpected end of stream" in problem and opened:
        return _quote(opened[0], opened[1], lines)
    if "expected ',' or" in problem and opened:
        return _flow(problem, line, column, opened, lines)
    if "unknown escape" in problem:
        return _escape(line, column, lines)
    if "cannot start any token" in problem or "anchor" in str(getattr(error, "context", "")):
        return _strange(line, column, opened, lines)
    if "undefined alias" in problem:
        return _strange(line, column, None, lines)
    if "<block end>" in problem:
        return _block(line, column, lines)
    if "another document" in problem:
        cause = Cause(line, column, "'---' starts a second document", "remove the line", 3)
        cause.repairs = [_with(lines, line, "")]
        return cause
    if "sequence entries are not allowed" in problem:
        hint = "put the list on lines of its own, or write [one, two]"
        return Cause(line, column, "a list cannot begin behind a key", hint)
    if "comment or a line break" in problem:
        return _folded(opened[0] if opened else line, lines)
    if "node content" in problem:
        return _stray(line, column, lines)
    return Cause(line, column, "this line is not YAML", "check its colons, brackets and quotes", 1)


def indent(text: str) -> int:
    """Spaces before the first character."""
    return len(text) - len(text.lstrip(" "))


def _with(lines: list[str], number: int, text: str) -> list[str]:
    return [*lines[: number - 1], text, *lines[number:]]


def _blank(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith("#")


def _above(lines: list[str], number: int) -> int | None:
    """The nearest line above that says something."""
    for candidate in range(number - 1, 0, -1):
        if not _blank(lines[candidate - 1]):
            return candidate
    return None


def _word(text: str) -> str:
    match = _KEY.match(text)
    if match:
        return match.group(1)
    return (text.split() or [""])[0][:30]


def _tabs(line: int, column: int, lines: list[str]) -> Cause:
    tabbed = [
        n for n, text in enumerate(lines, 1) if "\t" in text[: len(text) - len(text.lstrip())]
    ]
    if line not in tabbed:
        text = lines[line - 1].replace("\t", " ")
        return Cause(
            line, column, "a tab between words", "use a space", 1, [_with(lines, line, text)]
        )
    others = [n for n in tabbed if n != line]
    more = f" (lines {', '.join(map(str, others[:8]))} too)" if others else ""
    repairs = []
    for width in (2, 4, 8, 1):
        copy = list(lines)
        for n in tabbed:
            text = copy[n - 1]
            stripped = text.lstrip()
            margin = text[: len(text) - len(stripped)]
            copy[n - 1] = margin.replace("\t", " " * width) + stripped
        repairs.append(copy)
    return Cause(
        line,
        column,
        f"a tab in the indentation{more}",
        "use spaces: 2 for each level",
        1,
        repairs,
        tuple(others),
    )


def _colon(line: int, column: int, lines: list[str]) -> Cause:
    """A ':' where none can be: two on a line, a line too deep, or none on the line above."""
    text = lines[line - 1]
    before = text[: column - 1]
    if match := re.match(r"(\s*(?:- )?[^\s:][^:]*:\s+)(\S.*)$", before):
        value = text[len(match.group(1)) :].rstrip()
        quoted = match.group(1) + "'" + value.replace("'", "''") + "'"
        key = _word(match.group(1))
        return Cause(
            line,
            column,
            f"a second ':' in the value of {key!r}",
            f"quote the value: {quoted.strip()}",
            1,
            [_with(lines, line, quoted)],
        )
    above = _above(lines, line)
    if above is not None:
        upper = lines[above - 1]
        if not _KEY.match(upper) and not upper.lstrip().startswith("- "):
            return _no_colon(above, lines)
        if indent(text) > indent(upper):
            return _too_deep(line, above, lines)
    return Cause(line, column, "a ':' that does not fit here", "write one 'key: value' a line", 1)


def _too_deep(line: int, above: int, lines: list[str]) -> Cause:
    text, upper = lines[line - 1], lines[above - 1]
    was, should = indent(text), indent(upper)
    return Cause(
        line,
        was + 1,
        f"{_word(text)!r} is indented below {_word(upper)!r}, which already has a value",
        f"indent it by {_spaces(should)}, like {_word(upper)!r} in line {above}",
        max(1, len(_word(text))),
        _moved(lines, line, should),
    )


def _moved(lines: list[str], line: int, should: int) -> list[list[str]]:
    """The line at another indentation: with what hangs below it, and alone."""
    was = indent(lines[line - 1])
    alone = _with(lines, line, " " * should + lines[line - 1].lstrip(" "))
    block = list(alone)
    for index in range(line, len(lines)):
        if _blank(lines[index]):
            continue
        if indent(lines[index]) < was or (index > line and indent(lines[index]) == 0):
            break
        block[index] = " " * (indent(lines[index]) + should - was) + lines[index].lstrip(" ")
    return [block, alone]


def _spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count} spaces" if count else "no spaces"


def _no_colon(line: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    margin, rest = " " * indent(text), text.strip()
    if match := re.match(r"([A-Za-z_]\w*):(\S.*)$", rest):
        fixed = f"{match.group(1)}: {match.group(2)}"
        column = len(margin) + len(match.group(1)) + 1
        return Cause(
            line,
            column,
            f"no space behind '{match.group(1)}:'",
            f"write '{_short(fixed)}'",
            1,
            [_with(lines, line, margin + fixed)],
        )
    words = rest.split(None, 1)
    word = words[0] if words else ""
    if re.fullmatch(r"[A-Za-z_]\w*=?", word):
        name = word.rstrip("=")
        tail = words[1].lstrip("= ") if len(words) > 1 else ""
        fixed = f"{name}: {tail}".rstrip()
        return Cause(
            line,
            len(margin) + 1,
            f"no ':' behind {name!r}",
            f"write '{_short(fixed)}'",
            len(word),
            [_with(lines, line, margin + fixed)],
        )
    return Cause(
        line,
        len(margin) + 1,
        "a line without 'key: value'",
        "write 'key: value', or remove it",
        max(1, len(rest)),
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _quote(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    mark = text[column - 1 : column] or "'"
    without = text[: column - 1] + " " + text[column:]
    return Cause(
        line,
        column,
        f"a quote {mark} that is never closed",
        f"close it with {mark}, or leave it out",
        1,
        [_with(lines, line, without)],
    )


def _escape(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1].replace("\\", "/")
    return Cause(
        line,
        max(1, column - 1),
        "a '\\' in double quotes begins a special character",
        "use single quotes instead",
        2,
        [_with(lines, line, text)],
    )


def _strange(line: int, column: int, opened: tuple[int, int] | None, lines: list[str]) -> Cause:
    if opened is not None:
        line, column = opened
    text = lines[line - 1]
    char = text[column - 1 : column] or "?"
    value = re.match(r"[^,}\]\s#]*", text[column - 1 :])
    said = value.group() if value and value.group() else char
    quoted = text[: column - 1] + " " + text[column:]
    return Cause(
        line,
        column,
        f"a value cannot begin with {char!r}",
        f"quote it: '{said}'",
        len(said),
        [_with(lines, line, quoted)],
    )


def _folded(line: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    match = re.search(r":\s+([>|])", text)
    column = match.start(1) + 1 if match else 1
    char = match.group(1) if match else ">"
    value = text[column - 1 :].strip()
    return Cause(
        line,
        column,
        f"a value cannot begin with {char!r}",
        f"quote it: '{_short(value)}'",
        1,
        [_with(lines, line, text[: column - 1] + " " + text[column:])],
    )


def _stray(line: int, column: int, lines: list[str]) -> Cause:
    text = lines[line - 1] if line <= len(lines) else ""
    char = text[column - 1 : column]
    if char and char in ",]}":
        return Cause(
            line,
            column,
            f"{char!r} where a value is needed",
            f"write a value, or remove {char!r}",
            1,
            [_with(lines, line, text[: column - 1] + " " + text[column:])],
        )
    return Cause(line, column, "a value is missing here", "write it, or remove the key", 1)


def _flow(problem: str, line: int, column: int, opened: tuple[int, int], lines: list[str]) -> Cause:
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
            [_with(lines, line, fixed)],
        )
    key_at = _key_before(text, column) if "':'" in problem else column
    first_on_line = not text[: key_at - 1].strip() or line > len(lines) or not text.strip()
    if line == opened[0] or (not first_on_line and "<stream end>" not in problem):
        return _no_comma(line, key_at, lines)
    above = _above(lines, line)
    inside = indent(text) > indent(lines[opened[0] - 1])
    if inside and above is not None and "<stream end>" not in problem and above != opened[0]:
        end = len(lines[above - 1].rstrip())
        return Cause(
            above,
            end + 1,
            "a ',' is missing at the end of this line",
            "add ','",
            1,
            [_with(lines, above, lines[above - 1].rstrip() + ",")],
        )
    first = lines[opened[0] - 1]
    body = re.sub(r"\s+#.*$", "", first).rstrip()
    repairs = [_with(lines, opened[0], body + closing)]
    if above is not None and above > opened[0]:
        repairs.append(_with(lines, above, lines[above - 1].rstrip() + closing))
    return Cause(
        opened[0],
        opened[1],
        f"a {bracket!r} that is never closed",
        f"add {closing!r} at its end",
        1,
        repairs,
    )


def _key_before(text: str, column: int) -> int:
    """The column of the word before a ':'."""
    before = text[: column - 1].rstrip()
    match = re.search(r"[^\s,{}\[\]]+$", before)
    return match.start() + 1 if match else column


def _no_comma(line: int, column: int, lines: list[str]) -> Cause:
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
        [_with(lines, line, mended)],
    )


def _block(line: int, column: int, lines: list[str]) -> Cause:
    """A line that belongs to no level, or something left over behind a value."""
    text = lines[line - 1] if line <= len(lines) else ""
    char = text[column - 1 : column]
    if char in ("}", "]"):
        opening = "{" if char == "}" else "["
        return Cause(
            line,
            column,
            f"a {char!r} without its {opening!r}",
            "remove it",
            1,
            [_with(lines, line, text[: column - 1] + " " + text[column:])],
        )
    if text[: column - 1].strip():
        rest = text[column - 1 :].strip()
        return Cause(
            line,
            column,
            f"{_short(rest)!r} is left over behind the value",
            "quote the whole value, or remove it",
            max(1, len(rest)),
            [_with(lines, line, text[: column - 1].rstrip())],
        )
    above = _above(lines, line)
    levels = _levels(lines, line)
    if levels and indent(text) in levels:
        kind = "a list" if text.lstrip().startswith("-") else "a 'key: value' line"
        other = "'key: value' lines" if kind == "a list" else "a list"
        return Cause(
            line,
            column,
            f"{kind} among {other}",
            "give it another level, or make them all alike",
            max(1, len(text.strip())),
        )
    was = indent(text)
    should = max(levels, key=lambda level: (-abs(level - was), level)) if levels else 0
    like = levels.get(should) or above or line
    return Cause(
        line,
        was + 1,
        f"{_word(text)!r} is indented by {_spaces(was)}, which is no level here",
        f"indent it by {_spaces(should)}, like {_word(lines[like - 1])!r} in line {like}",
        max(1, len(_word(text))),
        _moved(lines, line, should),
    )


def _levels(lines: list[str], line: int) -> dict[int, int]:
    """Indentations open above a line, each with the line that shows it."""
    levels: dict[int, int] = {}
    for number in range(1, line):
        text = lines[number - 1]
        if _blank(text):
            continue
        level = indent(text)
        levels = {k: v for k, v in levels.items() if k < level}
        levels[level] = number
    return levels
