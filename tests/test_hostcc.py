"""The host compiler: what it makes, what it caches, what it says when it cannot."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinyfield import hostcc
from tinyfield.errors import MissingToolError

ADD = "int add(int a, int b);\nint add(int a, int b)\n{\n    return a + b;\n}\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))


def test_a_library_from_text_is_called() -> None:
    library = ctypes.CDLL(str(hostcc.compile_shared([ADD], name="add")))
    assert library.add(2, 3) == 5


def test_the_same_content_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = hostcc.compile_shared([ADD], name="add")
    monkeypatch.setattr(hostcc, "run_compiler", pytest.fail)
    assert hostcc.compile_shared([ADD], name="add") == first


def test_a_changed_header_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "inner.h").write_text("#define ONE 1\n")
    (tmp_path / "outer.h").write_text('#include "inner.h"\n')
    source = '#include "outer.h"\nint one(void);\nint one(void)\n{\n    return ONE;\n}\n'
    first = hostcc.compile_shared([source], include=[tmp_path], name="one")
    (tmp_path / "inner.h").write_text("#define ONE 11\n")
    second = hostcc.compile_shared([source], include=[tmp_path], name="one")
    assert ctypes.CDLL(str(first)).one() == 1
    assert ctypes.CDLL(str(second)).one() == 11


def test_header_texts_are_found() -> None:
    source = '#include "n.h"\nint n(void);\nint n(void)\n{\n    return N;\n}\n'
    library = hostcc.compile_shared([source], headers={"n.h": "#define N 7\n"}, name="n")
    assert ctypes.CDLL(str(library)).n() == 7


def test_many_at_once_agree() -> None:
    def make(_: int) -> Path:
        return hostcc.compile_shared([ADD], name="add")

    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(make, range(4)))
    assert len(paths) == 1
    left = [path.name for path in paths.pop().parent.iterdir()]
    assert left == ["add.so"]


def test_an_error_shows_what_the_compiler_said() -> None:
    with pytest.raises(hostcc.CompileError, match="nonsense"):
        hostcc.compile_shared(["int nonsense(void) { return undefined_thing; }\n"], name="bad")


def test_a_warning_is_an_error() -> None:
    source = "char narrow(int x);\nchar narrow(int x)\n{\n    return x;\n}\n"
    with pytest.raises(hostcc.CompileError, match="conversion"):
        hostcc.compile_shared([source], name="narrow")


def test_no_compiler_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("TINYFIELD_CC", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    hostcc.compiler.cache_clear()
    try:
        with pytest.raises(MissingToolError) as caught:
            hostcc.compile_shared([ADD], name="add")
    finally:
        hostcc.compiler.cache_clear()
    assert caught.value.hint == "apt install gcc  (or: pip install ziglang)"


def test_the_wheel_compiles_where_the_system_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ziglang")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("TINYFIELD_CC", raising=False)
    hostcc.compiler.cache_clear()
    try:
        assert hostcc.compiler() == (sys.executable, "-m", "ziglang", "cc")
        library = ctypes.CDLL(str(hostcc.compile_shared([ADD], name="add")))
    finally:
        hostcc.compiler.cache_clear()
    assert library.add(20, 3) == 23


def test_the_sanitizers_catch_an_overrun() -> None:
    source = (
        "#include <stdlib.h>\n"
        "int main(int argc, char **argv)\n{\n"
        "    int cells[2] = {1, 2};\n    (void)argv;\n    return cells[argc + 1];\n}\n"
    )
    program = hostcc.compile_executable([source], name="overrun", sanitize=True)
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode != 0
    assert "out of bounds" in done.stderr
