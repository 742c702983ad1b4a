"""YAML with marks: reads a file into nodes that know their places, through includes and secrets.

``!include other.yaml`` puts another file's value in place (its marks stay its own).
``!secret name`` takes a value from ``secrets.yaml`` beside the app; it is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tinyfield.spec.mark import Mark
from tinyfield.spec.nodes import List, Map, Node, Scalar, Source
from tinyfield.spec.problems import Problems
from tinyfield.spelling import listing, nearest

SECRETS = "secrets.yaml"
MAX_NODES = 20_000
MAX_DEPTH = 40
MAX_BYTES = 1_000_000

_INT = re.compile(r"[-+]?[0-9]{1,300}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,64}")
_OCT = re.compile(r"0o[0-7]{1,64}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


def read_tree(path: Path, problems: Problems, top: Collection[str] = ()) -> Node | None:
    """The file's tree; None when nothing of it can be read (the problems say why).

    ``top`` are the keys that belong at the file's left edge.
    """
    return _Reader(problems, path.parent, top).file(path, str(path))


class _Reader:
    def __init__(self, problems: Problems, folder: Path, top: Collection[str] = ()) -> None:
        self.problems = problems
        self.top = top
        self.folder = folder
        self.open: list[Path] = []
        self.count = 0
        self.secrets: Node | None = None
        self.secrets_read = False

    def file(self, path: Path, name: str, asked: Node | None = None) -> Node | None:
        """One file's root node; ``asked`` is the ``!include`` that wants it."""
        text = self._text(path, name, asked)
        if text is None:
            return None
        from tinyfield.spec.yaml_repair import compose

        source = Source(name, tuple(text.splitlines()))
        damaged: set[int] = set()
        try:
            root = compose(source, self.problems, damaged, () if asked else self.top)
        except RecursionError:
            mark = Mark(name, 1, 1)
            self.problems.add(
                mark,
                "nested too deep",
                hint=f"an app needs no more than {MAX_DEPTH} levels",
                code="yaml",
                source=source,
            )
            return None
        if root is None:
            return None
        self.open.append(path.resolve())
        try:
            node = self._node(root, source, asked.path if asked else "", 0)
        finally:
            self.open.pop()
        if node is not None and damaged:
            _mark_damaged(node, source, damaged)
        return node

    def _text(self, path: Path, name: str, asked: Node | None) -> str | None:
        try:
            data = path.read_bytes()
        except OSError as error:
            reason = "there is no such file" if not path.exists() else (error.strerror or "")
            if path.is_dir():
                reason = "that is a folder"
            self._refuse(name, asked, f"cannot read {name}: {reason}", self._like(path))
            return None
        if len(data) > MAX_BYTES:
            self._refuse(name, asked, f"{name} is larger than 1 MB", "an app file is a few KB")
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            hint = "save it as UTF-8 text"
            if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                hint = "it looks like UTF-16: save it as UTF-8"
            self.problems.add(Mark(name, line, column), "not UTF-8 text", hint=hint, code="yaml")
            return None
        for index, char in enumerate(text):
            if not (char.isprintable() or char in "\n\r\t\u0085\u2028\u2029\ufeff\xa0\u3000"):
                before = text[:index]
                if ord(char) >= 32 and char != "\x7f" and not "\x80" <= char <= "\x9f":
                    continue
                line = before.count("\n") + 1
                column = index - before.rfind("\n")
                self.problems.add(
                    Mark(name, line, column),
                    f"a control character (code {ord(char)})",
                    hint="is this a text file? remove the character",
                    code="yaml",
                )
                return None
        return text

    def _refuse(self, name: str, asked: Node | None, message: str, hint: str | None) -> None:
        if asked is not None:
            self.problems.at(asked, message, hint=hint, code="include")
        else:
            self.problems.add(Mark(name, 1, 1), message, hint=hint, code="file")

    def _like(self, path: Path) -> str | None:
        try:
            beside = [p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml")]
        except OSError:
            return f"there is no folder {path.parent} either"
        near = nearest(path.stem, [Path(name).stem for name in beside])
        if near:
            return f"did you mean '{near}{path.suffix or '.yaml'}'?"
        return f"beside it: {listing(sorted(beside), 4)}" if beside else "check the path"

    def _node(self, raw: Any, source: Source, path: str, depth: int) -> Node | None:
        self.count += 1
        start, end = raw.start_mark, raw.end_mark
        place = {
            "source": source,
            "line": start.line + 1,
            "column": source.column(start.line + 1, start.column + 1),
            "end_line": end.line + 1,
            "end_column": source.column(end.line + 1, end.column + 1),
            "path": path,
        }
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            self.problems.at(
                Node(**place),
                "too large or nested too deep",
                hint=f"an app needs no more than {MAX_DEPTH} levels and {MAX_NODES} values",
                code="yaml",
            )
            return None
        tag = raw.tag if isinstance(raw.tag, str) else str(raw.tag or "")
        if tag in ("!secret", "!include"):
            return self._tagged(tag, raw, Node(**place))
        if tag.startswith("!") and tag != "!":
            self.problems.at(
                Node(**place), f"unknown tag {tag!r}", hint="tags: !secret, !include", code="yaml"
            )
            return None
        if raw.id == "mapping":
            return self._map(raw, Map(**place), depth)
        if raw.id == "sequence":
            listed = List(**place)
            for index, item in enumerate(raw.value):
                node = self._node(item, source, f"{path}[{index}]", depth + 1)
                if node is None:
                    listed.damaged = True
                else:
                    listed.items.append(node)
            return listed
        quoted = raw.style in ("'", '"')
        plain = raw.style is None or raw.style == ""
        data = scalar(raw.value) if plain else raw.value
        return Scalar(**place, text=raw.value, data=data, quoted=quoted)

    def _map(self, raw: Any, into: Map, depth: int) -> Map:
        merged: dict[str, Node] = {}
        for raw_key, raw_value in raw.value:
            key = self._node(raw_key, into.source, into.path, depth + 1)
            if not isinstance(key, Scalar):
                if key is not None:
                    self.problems.at(
                        key, "a key must be a word", hint="write 'key: value'", code="yaml"
                    )
                into.damaged = True
                continue
            name = key.text
            if not key.quoted and (
                split := re.match(r"(\w+)(:|\s*(?=[{\[]))(.+)", name, re.DOTALL)
            ):
                self._glued(key, raw_value, split, into)
                continue
            path = f"{into.path}.{name}" if into.path else name
            if name in into.items:
                first = into.items[name].key
                assert first is not None
                self.problems.at(
                    key,
                    f"{name!r} is written twice",
                    path=path,
                    code="duplicate",
                    hint=f"the first is in line {first.line}: rename or remove one",
                )
                # Its contents may hold mistakes of their own: look, but do not keep.
                self._node(raw_value, into.source, path, depth + 1)
                continue
            value = self._node(raw_value, into.source, path, depth + 1)
            if value is None:
                into.damaged = True
                continue
            if name == "<<" and isinstance(value, Map):
                merged.update(value.items)
                continue
            value.key = key
            into.items[name] = value
        for name, node in merged.items():
            into.items.setdefault(name, node)
        return into

    def _glued(self, key: Scalar, raw_value: Any, split: re.Match[str], into: Map) -> None:
        """``driver:bme280`` and ``air {driver``: the ':' or the space behind it is missing."""
        name, rest = split.group(1), split.group(3)
        if split.group(2) == ":":
            message, at = f"no space behind '{name}:'", len(name) + 1
            hint = f"write '{name}: {rest}'"
        else:
            message, at = f"no ':' behind {name!r}", 0
            hint = f"write '{name}: {rest[0]}…'"
        self.problems.at(key, message, hint=hint, code="yaml", offset=at, width=1)
        into.damaged = True
        if split.group(2) == ":" and raw_value.id == "scalar" and raw_value.value == "":
            path = f"{into.path}.{name}" if into.path else name
            value = Scalar(**{**_span(key), "path": path}, text=rest, data=scalar(rest))
            value.column += len(name) + 1
            value.key = Scalar(**{**_span(key), "path": path}, text=name, data=name)
            value.key.end_column = value.key.column + len(name)
            into.items.setdefault(name, value)

    def _tagged(self, tag: str, raw: Any, place: Node) -> Node | None:
        word = raw.value if isinstance(raw.value, str) else ""
        if not word:
            example = "!secret wifi" if tag == "!secret" else "!include sensors.yaml"
            self.problems.at(place, f"{tag} needs a name", hint=f"write '{example}'", code="yaml")
            return None
        if tag == "!secret":
            return self._secret(word, place)
        path = self.folder / word if len(self.open) == 1 else self.open[-1].parent / word
        if path.resolve() in self.open:
            self.problems.at(
                place,
                f"{word} includes itself",
                code="include",
                hint="a file cannot be part of itself: remove this !include",
            )
            return None
        return self.file(path, str(path), asked=place)

    def _secret(self, name: str, place: Node) -> Node | None:
        if not place.path.startswith("network"):
            self.problems.at(
                place,
                f"!secret cannot be used for {place.path!r}",
                code="secret",
                hint="only values under 'network' are kept out of logs; write it plainly",
            )
            return None
        secrets = self._secrets()
        values = secrets.items if isinstance(secrets, Map) else {}
        node = values.get(name)
        if node is None:
            missing = Scalar(**_span(place), text="", data=None)
            missing.secret = name
            missing.damaged = True
            if isinstance(secrets, Map):
                near = nearest(name, values)
                self.problems.at(
                    place,
                    f"{SECRETS} has no {name!r}",
                    code="secret",
                    hint=f"did you mean {near!r}?" if near else f"add a line '{name}: …' to it",
                )
            return missing
        return _disguise(node, place, name)

    def _secrets(self) -> Node | None:
        if not self.secrets_read:
            self.secrets_read = True
            path = self.folder / SECRETS
            if path.exists():
                quiet = Problems()
                self.secrets = _Reader(quiet, self.folder).file(path, str(path))
                if quiet.wrong:
                    first = quiet.found[0]
                    # The line itself is not shown: it holds secrets.
                    self.problems.add(
                        first.mark,
                        "cannot be read as YAML",
                        code="secret",
                        hint="write one 'name: value' a line",
                    )
        return self.secrets


def _span(node: Node) -> dict[str, Any]:
    return {
        "source": node.source,
        "line": node.line,
        "column": node.column,
        "end_line": node.end_line,
        "end_column": node.end_column,
        "path": node.path,
        "key": node.key,
    }


def _disguise(node: Node, place: Node, name: str) -> Node:
    """The secret's value at the place of the ``!secret`` that names it."""
    span = _span(place)
    copy: Node
    if isinstance(node, Map):
        items = {key: _disguise(item, place, name) for key, item in node.items.items()}
        copy = Map(**span, items=items)
    elif isinstance(node, List):
        copy = List(**span, items=[_disguise(item, place, name) for item in node.items])
    else:
        assert isinstance(node, Scalar)
        copy = Scalar(**span, text=node.text, data=node.data, quoted=node.quoted)
    copy.secret = name
    return copy


def _mark_damaged(node: Node, source: Source, lines: set[int]) -> None:
    if node.source is source and any(node.line <= n <= node.end_line + 1 for n in lines):
        node.damaged = True
    for _, child in node.children():
        _mark_damaged(child, source, lines)


def scalar(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema (``on``, ``off``, ``no`` stay words)."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _OCT.fullmatch(text):
        return int(text[2:], 8)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
