"""``prune: auto`` under a flash budget: on until it fits, and the error where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learn.conftest import model, table
from tinyfield.errors import BudgetError
from tinyfield.learn import Cost, obtain
from tinyfield.learn.fitting import Made, prunes_to_fit, within_flash
from tinyfield.learn.result import Network
from tinyfield.learn.stages import Stage
from tinyfield.learn.train import training_key
from tinyfield.spec import Model
from tinyfield.spec.app import Accept, Budget, Compress

CODE = 500


def asked(flash: int | None, drop: float | None = None) -> Model:
    made = model(Accept(max_drop=drop), Budget(flash_bytes=flash))
    return made.model_copy(update={"compress": Compress(prune="auto")})


def made(parameters: int, f1: float, *, given_up: int | None = None) -> Made:
    """A network that lost something on its way; ``given_up``: of a last step."""

    def stage(name: str, parameters: int, f1: float, kept: bool = True) -> Stage:
        scores = {"macro_f1": f1, "accuracy": f1}
        return Stage(name, "", scores, scores, parameters, parameters, kept=kept)

    stages = [stage("float", 1000, 0.9), stage("int8", parameters, f1)]
    if given_up is not None:
        stages.append(stage("QAT", given_up, 0.0, kept=False))
    return f"key{parameters}", Network(b"m" * parameters, (), None, stages=tuple(stages)), False


def cost(network: Network) -> Cost:
    return Cost("avr", CODE + len(network.model), 10)


class Again:
    """Makes networks of what is left, down to 100 parameters, and keeps what it was asked."""

    def __init__(self, f1: float) -> None:
        self.f1, self.asked = f1, list[int]()

    def __call__(self, most: int) -> Made:
        self.asked.append(most)
        return made(max(100, most // 40 * 40), self.f1)  # whole neurons: a little less


def test_what_fits_is_left_as_it_is() -> None:
    again = Again(0.9)
    assert within_flash(asked(1300), made(800, 0.893), again, cost)[0] == "key800"
    assert again.asked == []
    assert not prunes_to_fit(asked(None)) and prunes_to_fit(asked(900))
    assert not prunes_to_fit(model(budget=Budget(flash_bytes=900)))


def test_it_goes_on_until_it_fits() -> None:
    """By what was too much, measured anew each time; what was given up does not count."""
    again = Again(0.895)
    found = within_flash(asked(1010), made(800, 0.896, given_up=300), again, cost)
    assert again.asked == [510] and found[0] == "key480"

    def halves(network: Network) -> Cost:
        return Cost("avr", CODE + len(network.model) // 2, 10)

    again = Again(0.895)
    found = within_flash(asked(700), made(800, 0.896), again, halves)
    assert again.asked == [600, 400] and halves(found[1]).flash_bytes == 700


def test_which_of_both_cannot_be_met_is_said() -> None:
    again = Again(0.85)
    with pytest.raises(BudgetError) as caught:
        within_flash(asked(650), made(800, 0.896), again, cost)
    assert "cannot meet both `models.need.budget.flash` and `models.need.accept.max_drop`" in (
        caught.value.message
    )
    assert "within 0.01 macro F1 the smallest takes 1,300 B, 650 B over 650 B" in (
        caught.value.message
    )
    assert "loses 0.05 on the validation rows" in caught.value.message
    assert caught.value.hint == "raise one of them: flash to 1,300 B, or max_drop to 0.05"
    assert within_flash(asked(650, 0.06), made(800, 0.896), Again(0.85), cost)[1].stages


def test_what_never_fits_is_said() -> None:
    with pytest.raises(BudgetError, match=r"it takes 600 B, 50 B over 550 B"):
        within_flash(asked(550), made(800, 0.896), Again(0.9), cost)


def test_a_real_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Accuracy would keep it large; so many parameters are left as were asked for."""
    pytest.importorskip("tensorflow")
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    never = asked(None, 0.0)
    key, network, _ = obtain(table(800), never, epochs=2, most=120)
    last = next(stage for stage in reversed(network.stages) if stage.kept)
    assert network.stages[0].parameters > 200 and last.parameters <= 120
    assert key != training_key(table(800), never, 0, 2)
