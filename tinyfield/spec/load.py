"""From an app file to an ``App``: read, check every section, check them against each other."""

from __future__ import annotations

from pathlib import Path

from tinyfield.boards import board as board_of
from tinyfield.errors import SpecError
from tinyfield.spec.app import App
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Map, Node
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve import Resolver
from tinyfield.spec.sections.app import AppSection, shape
from tinyfield.spec.sections.base import read_section
from tinyfield.spec.sections.fields import check_node
from tinyfield.spec.structure import straighten
from tinyfield.spec.yaml_marks import read_tree

START = "begin with 'app: my_app' and 'board: uno'"


def load_app(path: Path | str, *, board: str | None = None, node: str | None = None) -> App:
    """Reads and checks an app file.

    Args:
        path: the YAML file.
        board: resolve it for this board instead of its own. A virtual board runs with the pins
            of the app's own board.
        node: the node's id, instead of the file's.

    Raises:
        SpecError: with every mistake of the file in ``diagnostics``; NotBuiltYetSpecError (both a
            SpecError and a NotBuiltYetError) when all that is wrong is that nothing generates it.
    """
    path = Path(path)
    if board is not None:
        board_of(board)
    if node is not None:
        try:
            check_node(node)
        except Mistake as mistake:
            raise SpecError(mistake.message, hint=mistake.hint) from None
    problems = Problems()
    root = _tree(path, problems)
    if root is None:
        raise problems.error()
    section = read_section(AppSection, root, problems)
    if section is None:
        raise problems.error()
    app = Resolver(path, root, section, problems).app(board, node)
    if problems.wrong or app is None:
        raise problems.error()
    return app


def _tree(path: Path, problems: Problems) -> Map | None:
    """The file's tree, if it is an app's at all."""
    keys = shape()
    root: Node | None = read_tree(path, problems, keys.top)
    if root is None:
        if not problems.wrong:
            problems.nothing(str(path), "the file is empty", START)
        return None
    if not isinstance(root, Map) or not {*keys.top} & root.items.keys():
        problems.found.clear()
        problems.at(
            root,
            "this is no app file: no line of it begins with 'app:', 'board:' or 'sensors:'",
            hint=START,
            code="yaml",
            path="",
        )
        return None
    return straighten(root, keys, problems)
