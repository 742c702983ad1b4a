"""What would fit, or do better: neighbours that are trained and measured for real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.learn.conftest import model, table
from tinyfield.errors import BudgetError
from tinyfield.learn import Cost, Trained, ladder, obtain, train, valid_scores
from tinyfield.learn.gate import sizes_of
from tinyfield.spec.app import Accept, Budget, Model

SHAPES = {
    "forest": {"trees": 10, "depth": 5, "min_leaf": 5},
    "bonsai": {"depth": 1, "projection": 10, "density": 0.5},
}


def of(architecture: str, budget: Budget | None = None, accept: Accept | None = None) -> Model:
    return model(accept, budget).model_copy(
        update={"architecture": architecture, **SHAPES[architecture]}
    )


def cost(file: bytes) -> Cost:
    return Cost("avr", flash_bytes=len(file), ram_bytes=50)


@pytest.mark.parametrize("architecture", SHAPES)
def test_the_nearest_that_fits_was_made_and_measured(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    rows = table(1200)
    whole = of(architecture)
    size = len(obtain(rows, whole, epochs=6)[1].model)
    limit = size * 2 // 3
    with pytest.raises(BudgetError) as caught:
        train(rows, of(architecture, Budget(flash_bytes=limit)), epochs=6, measure=cost)
    assert f"flash {size:,} B is {size - limit:,} B over {limit:,} B" in caught.value.message
    hint = str(caught.value.hint)
    key = sizes_of(architecture)[0]
    said = re.search(rf"measured: {architecture}.*?: ([\d,]+) B of flash, 50 B of RAM, macro F1 "
                     rf"(0\.\d+) on the validation split\. Write `{key}: (\d+)`", hint)  # fmt: skip
    assert said, hint
    # What it says is what one gets.
    value = int(said[3])
    smaller = whole.model_copy(update={key: value})
    _, network, cached = obtain(rows, smaller, epochs=6)
    assert cached and len(network.model) == int(said[1].replace(",", "")) <= limit
    assert f"{valid_scores(rows, network).macro_f1:.2f}" == said[2]
    # The next larger one that was tried does not fit.
    rungs = [getattr(rung, key) for rung in ladder.smaller(whole, (key,))]
    at = rungs.index(value)
    above = whole.model_copy(update={key: rungs[at - 1]}) if at else whole
    assert len(obtain(rows, above, epochs=6)[1].model) > limit
    with pytest.raises(BudgetError) as caught:
        train(rows, of(architecture, Budget(flash_bytes=20)), epochs=6, measure=cost)
    assert "smallest that was tried does not fit either" in str(caught.value.hint)


@pytest.mark.parametrize("architecture", SHAPES)
def test_the_nearest_that_is_better(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    key = sizes_of(architecture)[0]
    small = of(architecture, accept=Accept(macro_f1=0.9)).model_copy(update={key: 2})
    with pytest.raises(BudgetError, match=r"macro_f1 0\.\d+ is 0\.\d+ below 0\.9") as caught:
        train(table(1200), small, epochs=6, measure=cost)
    hint = str(caught.value.hint)
    assert re.search(rf"(Nearest, measured|brings nothing): {architecture}.*: [\d,]+ B of flash, "
                     r"50 B of RAM, macro F1 0\.\d+ on the validation split \(this one there: "
                     r"0\.\d+\)\. ", hint), hint  # fmt: skip
    assert "weakest class" in hint


def test_a_network_too(trained: Trained, cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is half as wide, trained by the real worker."""
    monkeypatch.setattr(ladder, "DOWN", (0.5,))
    limit = len(trained.model) - 1
    with pytest.raises(BudgetError) as caught:
        train(table(), model(budget=Budget(flash_bytes=limit)), epochs=8, measure=cost)
    hint = str(caught.value.hint)
    assert "mlp, hidden [6, 4]: " in hint and "Write `hidden: [6, 4]`" in hint, hint


def test_rungs() -> None:
    forest = of("forest")
    assert [m.trees for m in ladder.smaller(forest, ("trees",))] == [8, 6, 5, 4, 2, 1]
    last = ladder.smaller(forest, sizes_of("forest"))[-1]
    assert (last.trees, last.depth) == (1, 1)
    assert [m.trees for m in ladder.larger(forest, ("trees",))] == [15, 20, 30]
    tree = forest.model_copy(update={"architecture": "tree", "depth": 4})
    assert [m.depth for m in ladder.smaller(tree, ("depth",))] == [3, 2, 1]
    assert [m.depth for m in ladder.larger(tree, ("depth",))] == [5, 6, 7]
    full = tree.model_copy(update={"depth": 20})
    assert ladder.larger(full, ("depth",)) == []
    none = model().model_copy(update={"hidden": ()})
    assert ladder.smaller(none, ("hidden",)) == []
    assert [m.hidden for m in ladder.larger(none, ("hidden",))] == [(12,), (16,), (24,)]
    one = forest.model_copy(update={"trees": 1})
    assert [m.depth for m in ladder.smaller(one, ("trees", "depth"))] == [4, 3, 2, 1]
    assert ladder.that_fits(none, ("hidden",), None).startswith("it cannot be made smaller")  # type: ignore[arg-type]
