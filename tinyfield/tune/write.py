"""The chosen point, written back into the app file: only what changes, all else to the byte."""

from __future__ import annotations

import difflib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from tinyfield.errors import EnvironmentFault, SpecError, UserError
from tinyfield.spec import Model, load_app
from tinyfield.spec.app import Compress
from tinyfield.spec.architectures import OPTIONS
from tinyfield.spec.braces import expand
from tinyfield.spec.frozen import build
from tinyfield.tune.candidate import Candidate, written


def write(path: Path, name: str, candidate: Candidate, model: Model) -> None:
    """Changes ``models.<name>`` of an app file so that it says what the candidate says.

    Args:
        model: the model as the file has it.

    Raises:
        UserError: the model stands in another file, or the file cannot say it.
        EnvironmentFault: the file cannot be written.
    """
    text = edited(path.read_text(encoding="utf-8"), name, candidate, model, path)
    temporary = None
    try:
        # Beside the file, where what it includes is found; it takes its place once it is right.
        handle, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=".yaml"
        )
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        _check(Path(temporary), name, candidate.apply(model))
        Path(temporary).chmod(path.stat().st_mode)
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise EnvironmentFault(
            f"{path}: {error.strerror}; nothing was written", hint="write the change by hand"
        ) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _check(path: Path, name: str, wanted: Model) -> None:
    try:
        found = load_app(path).models[name]
    except SpecError as error:
        raise UserError(
            f"the change would make a file that is wrong; nothing was written:\n{error.message}",
            hint="write the change by hand",
        ) from None
    same = ("architecture", "options", "inputs", "compress")
    if any(getattr(found, key) != getattr(wanted, key) for key in same):
        raise UserError(
            "the file would not say what was chosen; nothing was written",
            hint="write the change by hand",
        )


def edited(text: str, name: str, candidate: Candidate, model: Model, path: Path) -> str:
    """The file's text with the change in it; comments, order and form of the rest are kept."""
    yaml, tree = _load(text)
    before = _dump(yaml, tree)
    section = _section(tree, name, path)
    _change(section, candidate, model, path)
    after = _dump(yaml, tree)
    if before == text:
        return after
    return _merged(text, before, after)


_LAST_TIME = re.compile(r"[\d.,]+\s*[^\W\d]+\s*$")


def _load(text: str) -> tuple[Any, Any]:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    dash = re.search(r"^( *)[\w.'\"-]+:[^\n]*\n(?:\s*#[^\n]*\n)*( *)-( +)\S", text, re.MULTILINE)
    offset = len(dash[2]) - len(dash[1]) if dash else 2
    step = re.search(r"^[\w.-]+:[^\n]*\n(?:\s*#[^\n]*\n)*( +)[^\s#-]", text, re.MULTILINE)
    gap = 1 + len(dash[3]) if dash else 2
    yaml.indent(mapping=len(step[1]) if step else 2, sequence=offset + gap, offset=offset)
    return yaml, yaml.load(text)


def _dump(yaml: Any, tree: Any) -> str:
    buffer = io.StringIO()
    yaml.dump(tree, buffer)
    return buffer.getvalue()


def _section(tree: Any, name: str, path: Path) -> Any:
    from ruamel.yaml.comments import CommentedMap

    models = tree.get("models")
    section = models.get(name) if isinstance(models, CommentedMap) else None
    if not isinstance(section, CommentedMap):
        raise UserError(
            f"{path}: the model {name} stands in another file; nothing was written",
            hint="change it there by hand",
        )
    return section


def _change(section: Any, candidate: Candidate, model: Model, path: Path) -> None:
    wanted = candidate.apply(model)
    if "architecture" in section or wanted.architecture != "mlp":
        _put(section, "architecture", wanted.architecture, after="train")
    every = {key for options in OPTIONS.values() for key in options}
    for key in every - OPTIONS[wanted.architecture].keys():
        _drop(section, key)
    last = "architecture" if "architecture" in section else "train"
    defaults = OPTIONS[wanted.architecture]
    for key, value in wanted.options.items():
        if key in section or value != defaults[key]:
            _put(section, key, written(key, value), after=last)
            last = key
    _change_inputs(section, candidate, path)
    _change_compress(section, wanted, model)


def _change_inputs(section: Any, candidate: Candidate, path: Path) -> None:
    """Inputs that are left out are removed, those with another window changed where they stand; a
    line with braces stays one where all that it stands for changes alike, and becomes a line each
    where not."""
    from ruamel.yaml.comments import CommentedSeq

    listed = section["inputs"]
    if not isinstance(listed, CommentedSeq):
        raise UserError(
            f"{path}: the inputs stand in another file; nothing was written",
            hint="change them there by hand",
        )
    texts = dict(zip(candidate.places, (f.text for f in candidate.inputs), strict=True))
    stands = [tuple(one.text for one in expand(str(line))) for line in listed]
    first = sum(map(len, stands))
    for i in range(len(listed) - 1, -1, -1):
        first -= len(stands[i])
        wanted = [texts.get(first + k) for k in range(len(stands[i]))]
        if list(map(_spaced, stands[i])) == [text and _spaced(text) for text in wanted]:
            continue
        kept = [text for text in wanted if text is not None]
        new = kept
        if len(kept) == len(wanted):
            one = kept[0] if len(kept) == 1 else _with_window(str(listed[i]), kept)
            new = kept if one is None else [one]
        if len(new) == 1:
            listed[i] = new[0]  # the comment behind it stays
        else:
            listed[i : i + 1] = new


def _with_window(line: str, wanted: list[str]) -> str | None:
    """A line with braces that stands for ``wanted`` by another window; None if none does."""
    other = _LAST_TIME.sub(_LAST_TIME.findall(wanted[0])[0], line)
    same = [_spaced(one.text) for one in expand(other)] == list(map(_spaced, wanted))
    return other if same else None


def _spaced(text: str) -> str:
    """With one space between words."""
    return " ".join(text.split())


def _change_compress(section: Any, wanted: Model, model: Model) -> None:
    from ruamel.yaml.comments import CommentedMap

    default, was, new = build(Compress)(), dict(model.compress), dict(wanted.compress)
    changed = {key: value for key, value in new.items() if value != was[key]}
    if changed and not isinstance(section.get("compress"), CommentedMap):
        made = CommentedMap()
        made.fa.set_flow_style()
        _put(section, "compress", made, after="architecture")
    for key, value in changed.items():
        if value == getattr(default, key):
            _drop(section["compress"], key)
        else:
            section["compress"][key] = written(key, value)


def _put(section: Any, key: str, value: Any, *, after: str) -> None:
    """Sets a key in its place, or writes it behind another."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, list):
        listed = CommentedSeq(value)
        listed.fa.set_flow_style()
        value = listed
    if key in section:
        if section[key] != value:
            section[key] = value
        return
    keys = list(section)
    place = keys.index(after) + 1 if after in keys else len(keys)
    assert isinstance(section, CommentedMap)
    section.insert(place, key, value)


def _drop(section: Any, key: str) -> None:
    if key in section:
        del section[key]


def _merged(text: str, before: str, after: str) -> str:
    """``text`` with what differs between ``before`` and ``after``, both of which ruamel wrote in
    its own form."""
    theirs, old, new = (part.splitlines(keepends=True) for part in (text, before, after))
    where = _places(old, theirs)
    result: list[str] = []
    at = 0
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if tag == "equal":
            continue
        start, end = where[i1], where[i2]
        result += theirs[at:start] + new[j1:j2]
        at = end
    return "".join(result + theirs[at:])


def _places(old: list[str], theirs: list[str]) -> list[int]:
    """For each line of ``old`` (and its end) the line of ``theirs`` that it stands for."""
    where = [0] * (len(old) + 1)
    for _, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, theirs, False).get_opcodes():
        for k in range(i1, i2):
            where[k] = min(j1 + k - i1, j2)
    where[len(old)] = len(theirs)
    return where
