"""How a model's weights stand in flash: as the app says, and as its RAM allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.test_coding import network
from tinyfield import measuring
from tinyfield.compiler import Program
from tinyfield.spec import load_app
from tinyfield.spec.app import Budget, Compress


def compiled(root: Path, compress: Compress, ram: int | None = None) -> Program:
    """A network of eight different weights a layer, as the irrigation app's model."""
    app = load_app(root / "apps/irrigation.yaml", board="native")
    model = app.models["need"].model_copy(
        update={"compress": compress, "budget": Budget(ram_bytes=ram)}
    )
    app = app.model_copy(update={"models": {"need": model}})
    return measuring.compiled(app, "need", network(8), "cortex-m4")


@pytest.fixture(scope="module")
def plain(root: Path) -> Program:
    return compiled(root, Compress())


def test_weights_are_coded_where_the_app_says_so(root: Path, plain: Program) -> None:
    assert compiled(root, Compress(share=8, huffman="no")).weights_bytes == plain.weights_bytes
    asked = compiled(root, Compress(huffman="yes"))
    assert asked.weights_bytes < plain.weights_bytes
    shared = compiled(root, Compress(share=8))
    assert shared.weights_bytes < 1.01 * asked.weights_bytes
    assert shared.arena_bytes > plain.arena_bytes  # unpacked by layer: a budget of RAM is there


def test_where_ram_is_short_they_are_unpacked_row_by_row(root: Path, plain: Program) -> None:
    by_layer = compiled(root, Compress(huffman="yes"))
    by_row = compiled(root, Compress(huffman="yes"), ram=by_layer.arena_bytes - 1)
    assert by_row.weights_bytes < plain.weights_bytes
    assert by_row.arena_bytes < by_layer.arena_bytes
