"""What a YAML syntax error means, in plain words, and how the line could be mended."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from tinyfield.spec import yaml_brackets, yaml_levels
from tinyfield.spec.yaml_lines import (
    KEY,
    Cause,
    above_line,
    indent,
    moved,
    shortened,
    spaces,
    with_line,
    word_of,
)


def causes_of(error: Any, lines: list[str], top: Collection[str]) -> list[Cause]:
    """What may have caused one of the YAML reader's errors, the likeliest first.

    ``top`` are the keys that belong at the left edge.
    """
    problem = str(getattr(error, "problem", None) or error)
    place = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (place.line + 1, place.column + 1) if place else (1, 1)
    if "<document start>" in problem:
        return [yaml_levels.first_indented(lines)]
    if "<block end>" in problem:
        return yaml_levels.block(line, column, lines, top)
    return [_cause_of(error, problem, lines)]


def _cause_of(error: Any, problem: str, lines: list[str]) -> Cause:
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
        return yaml_brackets.quote(opened[0], opened[1], lines)
    if "expected ',' or" in problem and opened:
        return yaml_brackets.flow(problem, line, column, opened, lines)
    if "unknown escape" in problem:
        return yaml_brackets.escape(line, column, lines)
    if "cannot start any token" in problem or "anchor" in str(getattr(error, "context", "")):
        return yaml_brackets.strange(line, column, opened, lines)
    if "undefined alias" in problem:
        return yaml_brackets.strange(line, column, None, lines)
    if "another document" in problem:
        cause = Cause(line, column, "'---' starts a second document", "remove the line", 3)
        cause.repairs = [with_line(lines, line, "")]
        return cause
    if "sequence entries are not allowed" in problem:
        hint = "put the list on lines of its own, or write [one, two]"
        return Cause(line, column, "a list cannot begin behind a key", hint)
    if "comment or a line break" in problem:
        return yaml_brackets.folded(opened[0] if opened else line, lines)
    if "node content" in problem:
        return yaml_brackets.stray(line, column, lines)
    return Cause(line, column, "this line is not YAML", "check its colons, brackets and quotes", 1)


def _tabs(line: int, column: int, lines: list[str]) -> Cause:
    tabbed = [
        n for n, text in enumerate(lines, 1) if "\t" in text[: len(text) - len(text.lstrip())]
    ]
    if line not in tabbed:
        text = lines[line - 1].replace("\t", " ")
        return Cause(
            line, column, "a tab between words", "use a space", 1, [with_line(lines, line, text)]
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
        value = text[len(match.group(1)) :].rstrip(": ")
        quoted = match.group(1) + "'" + value.replace("'", "''") + "'"
        key = word_of(match.group(1))
        if text[column - 1 :].strip() == ":":
            return Cause(
                line,
                len(match.group(1)) + 1,
                f"'{value}:' stands behind '{key}:'",
                "put it on a line of its own below, indented by 2 more spaces",
                len(value) + 1,
            )
        return Cause(
            line,
            column,
            f"a second ':' in the value of {key!r}",
            f"quote the value: {quoted.strip()}",
            1,
            [with_line(lines, line, quoted)],
        )
    above = above_line(lines, line)
    if above is not None:
        upper = lines[above - 1]
        if not KEY.match(upper) and not upper.lstrip().startswith("- "):
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
        f"{word_of(text)!r} is indented below {word_of(upper)!r}, which already has a value",
        f"indent it by {spaces(should)}, like {word_of(upper)!r} in line {above}",
        max(1, len(word_of(text))),
        moved(lines, line, should),
    )


def _no_colon(line: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    margin, rest = " " * indent(text), text.strip()
    if match := re.match(r"([A-Za-z_]\w*):(\S.*)$", rest):
        fixed = f"{match.group(1)}: {match.group(2)}"
        column = len(margin) + len(match.group(1)) + 2
        return Cause(
            line,
            column,
            f"no space behind '{match.group(1)}:'",
            f"write '{shortened(fixed)}'",
            1,
            [with_line(lines, line, margin + fixed)],
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
            f"write '{shortened(fixed)}'",
            len(word),
            [with_line(lines, line, margin + fixed)],
        )
    if match := re.match(r"([A-Za-z_]\w*):[\u00a0\u2007\u202f\u3000]", rest):
        plain = re.sub(r"[\u00a0\u2007\u202f\u3000]", " ", text)
        return Cause(
            line,
            len(margin) + len(match.group(1)) + 2,
            f"what stands behind '{match.group(1)}:' only looks like a space",
            "write an ordinary space, as the keyboard gives it",
            1,
            [with_line(lines, line, plain)],
        )
    return Cause(
        line,
        len(margin) + 1,
        "a line without 'key: value'",
        "write 'key: value', or remove it",
        max(1, len(rest)),
    )
