"""Which files a user's own network is made of, and that a change of one trains anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.learn.conftest import model, table
from tinyfield.learn.sources import sources_of
from tinyfield.learn.train import training_key


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A module that imports one beside it, a package, and from there on."""
    (tmp_path / "blocks").mkdir()
    files = {
        "my_model.py": "import json\nimport helper\nfrom blocks.deep import block\n",
        "helper.py": "def f():\n    from more import g\n",
        "more.py": "import helper\n",  # in a circle
        "blocks/__init__.py": "",
        "blocks/deep.py": "from . import shallow\nfrom .shallow import x\n",
        "blocks/shallow.py": "from ..helper import f\nx = 1\n",
        "blocks/unused.py": "",
        "json_like.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "my_model.py"


def test_all_that_is_imported_from_beside_it_is_found(own: Path) -> None:
    names = [str(path.relative_to(own.parent)) for path in sources_of(own)]
    assert names[0] == "my_model.py"
    assert set(names[1:]) == {
        "helper.py", "more.py", "blocks/__init__.py", "blocks/deep.py", "blocks/shallow.py",
    }  # fmt: skip


def test_a_file_that_is_no_python_is_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def (:", encoding="utf-8")
    assert sources_of(path) == (path,)


@pytest.mark.parametrize(
    ("name", "anew"),
    [("helper.py", True), ("blocks/shallow.py", True), ("blocks/unused.py", False)],
)
def test_a_change_of_what_it_imports_trains_anew(own: Path, name: str, anew: bool) -> None:
    asked = model().model_copy(
        update={"architecture": "keras", "source": str(own), "function": "build", "history": 1}
    )
    rows = table(200)
    assert len(np.unique(rows.y)) == 3
    before = training_key(rows, asked, 0, 1)
    with (own.parent / name).open("a", encoding="utf-8") as file:
        file.write("y = 2\n")
    assert (training_key(rows, asked, 0, 1) != before) == anew
