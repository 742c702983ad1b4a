"""Whatever is in the file: an App or a SpecError with places, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinyfield.errors import SpecError
from tinyfield.spec import Diagnostic, load_app

EXAMPLE = (Path(__file__).parent / "apps" / "irrigation.yaml").read_text(encoding="utf-8")
TOKENS = ["{", "}", "[", "]", ":", ": ", ", ", "\n", "  ", "\t", "'", '"', "#", "- ", "&", "*", "!",
          "|", ">", "%", "@", "?", "---", "0x76", "null", "1e999", "-", "ä", "\u2028", "<<",
          "!secret x", "!include x", "!include app.yaml", "driver", "every", "and"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def survives(folder: Path, text: str) -> None:
    path = folder / "app.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        load_app(path)
    except SpecError as error:
        assert error.diagnostics
        for found in error.diagnostics:
            assert isinstance(found, Diagnostic)
            assert found.mark.line >= 1 and found.mark.column >= 1
            assert len(found.render().splitlines()) <= 5


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_text(folder: Path, text: str) -> None:
    survives(folder, text.replace("\ud800", ""))


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_yaml_soup(folder: Path, words: list[str]) -> None:
    survives(folder, "".join(words))
    survives(folder, "app: x\nsensors:\n" + "".join(words))


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(EXAMPLE)), st.integers(0, 12), st.sampled_from(["", *TOKENS])
        ),
        min_size=1, max_size=4,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_example(folder: Path, edits: list[tuple[int, int, str]]) -> None:
    text = EXAMPLE
    for at, cut, put in edits:
        text = text[:at] + put + text[at + cut :]
    survives(folder, text)


@given(st.lists(st.integers(0, EXAMPLE.count("\n")), min_size=1, max_size=5), st.integers(0, 3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_lines_lost_or_shifted(folder: Path, which: list[int], shift: int) -> None:
    lines = EXAMPLE.splitlines()
    for number in which:
        if number < len(lines):
            lines[number] = " " * shift + lines[number] if shift else ""
    survives(folder, "\n".join(lines))
