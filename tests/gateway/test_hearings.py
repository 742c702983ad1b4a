"""Who hears whom in the store: the last word of a decision, and when it was said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.making import NOW, batch, birth, decision, heartbeat, listener, manifest
from tinyfield.wire import Message, topic
from tinyfield_gateway.bus import Delivery
from tinyfield_gateway.ingest import read
from tinyfield_gateway.store import Batch, Hearing, Store
from tinyfield_gateway.web.words import Line, heard_by, line, state_of

FROST = 2
"""The rule's number."""


def frost(seq: int, on: bool, **change: Any) -> Message:
    """Decision number ``seq``: frost or no more."""
    return decision(seq, rule=FROST, label=1, flags=int(on), **change)


def attic(store: Store, *wishes: tuple[str, str], **change: Any) -> None:
    """A node that listens."""
    mine = listener(*wishes, **change)
    store.commit(
        Batch(
            births=[("attic-1", mine)],
            heard=batch(birth(manifest=mine.hash, node="attic-1"), node="attic-1").heard,
        )
    )


@pytest.fixture
def both(store: Store) -> Store:
    """attic-1 listens to the frost of bed-3, which is known and has not decided yet."""
    attic(store, ("bed-3", "frost"))
    store.commit(Batch(births=[("bed-3", manifest())], heard=batch(birth()).heard))
    return store


def the(store: Store) -> Hearing:
    (only,) = store.hearings()
    return only


def word(store: Store) -> tuple[bool | None, int | None]:
    """The last word, and how long after NOW it was said."""
    found = the(store)
    return found.active, None if found.said is None else found.said - NOW


def plain(said: Line) -> str:
    """Its words, whatever holds them together on the page."""
    return said.text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_neighbour_step_by_step(store: Store) -> None:
    def now() -> tuple[str, str]:
        return state_of(the(store), NOW + 60), plain(line(the(store), NOW + 60))

    attic(store, ("bed-3", "frost"))
    assert now() == ("waits", "waits for bed-3, which has not been heard yet")
    store.commit(batch(birth()))
    assert now() == (
        "nameless", "cannot hear bed-3: its manifest is missing, so frost has no number"
    )  # fmt: skip
    store.commit(Batch(births=[("bed-3", manifest())]))
    assert now() == ("silent", "has heard nothing of frost from bed-3 since that started")
    store.commit(batch(frost(0, True)))
    assert now() == ("active", "hears bed-3: frost is active, said 60 s ago")
    store.commit(batch(frost(1, False), received=NOW + 58))
    assert now() == ("inactive", "hears bed-3: frost is not active, said just now")
    silent = line(the(store), NOW + 58 + 600)
    assert plain(silent) == "hears no more of frost from bed-3: silent for 10 min"
    assert line(the(store), NOW + 58 + 599).state == "quiet"
    assert heard_by(store.hearings()) == {"bed-3": "frost heard by attic-1"}


def test_a_decision_that_the_neighbour_does_not_take(store: Store) -> None:
    attic(store, ("bed-3", "smoke"))
    store.commit(Batch(births=[("bed-3", manifest())], heard=batch(birth(), frost(0, True)).heard))
    assert (state_of(the(store), NOW), the(store).said) == ("missing", None)


def test_several_ears_and_several_listeners(store: Store) -> None:
    attic(store, ("bed-3", "frost"), ("bed-3", "water"), ("hall-1", "frost"))
    for name in ("loft-1", "loft-2", "loft-3", "loft-4"):
        mine = listener(("bed-3", "frost"), node=name)
        store.commit(
            Batch(births=[(name, mine)], heard=batch(birth(manifest=mine.hash), node=name).heard)
        )
    store.commit(
        Batch(births=[("bed-3", manifest())], heard=batch(frost(0, True), decision(1)).heard)
    )
    found = {(one.listener, one.place): one for one in store.hearings()}
    assert [found["attic-1", place].active for place in range(3)] == [True, True, None]
    assert found["loft-4", 0].active
    assert heard_by(store.hearings())["bed-3"] == (
        "frost heard by attic-1, loft-1, loft-2 and 2 more; water heard by attic-1"
    )


def test_a_node_is_no_neighbour_of_its_own(store: Store) -> None:
    mine = listener(("bed-3", "frost"), node="bed-3")
    store.commit(
        Batch(
            births=[("bed-3", mine)], heard=batch(birth(manifest=mine.hash), frost(0, True)).heard
        )
    )
    assert store.hearings() == []


def test_one_app_on_many_nodes(store: Store) -> None:
    """The same manifest, with or without the board that it names."""
    mine = listener(("bed-3", "frost"))
    for name in ("attic-1", "attic-2"):
        said = batch(birth(manifest=mine.hash, node=name), node=name).heard
        store.commit(Batch(births=[(name, mine)], heard=said))
    assert [one.listener for one in store.hearings()] == ["attic-1", "attic-2"]


def test_a_manifest_counts_until_the_node_says_another(store: Store) -> None:
    """A bridge's birth tells of a node that has not been heard itself."""
    old, new = listener(("bed-3", "frost")), listener(("bed-4", "frost"))
    store.commit(Batch(births=[("attic-1", old)]))
    assert the(store).wish.node == "bed-3"
    store.commit(Batch(births=[("attic-1", new)]))
    assert the(store).wish.node == "bed-3"
    store.commit(batch(birth(boot=2, node="attic-1", manifest=new.hash), node="attic-1"))
    assert the(store).wish.node == "bed-4"
    plain = manifest()
    store.commit(
        Batch(births=[("attic-1", plain)], heard=batch(birth(boot=3), node="attic-1").heard)
    )
    assert store.hearings() == []


def test_the_newest_word_counts_whatever_comes_after_it(both: Store) -> None:
    both.commit(batch(frost(1, True)))
    assert word(both) == (True, 0)
    both.commit(batch(frost(0, False), received=NOW + 5))  # late, taken before it
    assert word(both) == (True, 0)
    both.commit(batch(frost(2, False), received=NOW + 9))
    both.commit(batch(frost(1, True), received=NOW + 20))  # once more
    assert word(both) == (False, 9)


def test_a_word_is_as_old_as_the_node_says(both: Store) -> None:
    both.commit(batch(frost(0, True, age=90)))
    assert word(both) == (True, -90)


def test_a_word_that_waited_at_the_broker_is_old(both: Store) -> None:
    """The bridge heard it a day before the gateway did."""
    both.commit(batch(frost(0, True, age=5, heard=NOW - 86_400)))
    assert word(both) == (True, -86_405)
    both.commit(batch(frost(1, False, age=5, heard=NOW + 7)))  # a bridge that is a little ahead
    assert word(both) == (False, -5)


def test_a_sims_season_is_not_a_delay(both: Store) -> None:
    both.commit(batch(frost(0, True, age=5, heard=NOW - 86_400, simulated=True)))
    assert word(both) == (True, -5)


def test_copies_of_one_decision_tell_at_most_its_time(both: Store) -> None:
    both.commit(batch(frost(0, True)))
    both.commit(batch(frost(0, True, age=41), received=NOW + 40))
    assert word(both) == (True, 0)  # within what whole seconds can tell
    both.commit(batch(frost(0, True, age=300), received=NOW + 60))
    assert word(both) == (True, -240)  # the first copy had been held up
    both.commit(batch(frost(0, True), received=NOW + 90))  # a replay that hides its age
    assert word(both) == (True, -240)


def test_two_words_of_one_second_keep_their_order(both: Store) -> None:
    """A listener passes over a word that is not later than the one it has."""
    both.commit(batch(frost(0, True)))
    both.commit(batch(frost(1, False)))
    assert word(both) == (False, 1)
    both.commit(batch(frost(2, True)))
    assert word(both) == (True, 2)
    for seq in range(3, 60):
        both.commit(batch(frost(seq, seq % 2 == 0)))
    active, said = word(both)
    assert said is not None
    assert (active, said <= 30) == (False, True)  # never so far ahead that nobody believes it


def test_heartbeats_tell_the_state_of_all_rules(both: Store) -> None:
    both.commit(batch(heartbeat(1 << FROST)))
    assert word(both) == (True, 0)
    both.commit(batch(heartbeat(0), received=NOW + 600))
    assert word(both) == (False, 600)
    both.commit(batch(frost(0, True), received=NOW + 700))
    assert word(both) == (True, 700)
    both.commit(batch(heartbeat(0, heard=NOW + 650), received=NOW + 720))  # was held up
    assert word(both) == (True, 700)
    both.commit(batch(heartbeat(1 << FROST), received=NOW + 1200))
    assert word(both) == (True, 1200)
    both.commit(batch(frost(0, True, age=504), received=NOW + 1205))  # repeated, not decided anew
    assert word(both) == (True, 1200)
    both.commit(batch(heartbeat(None), received=NOW + 1800))  # of firmware that does not say
    assert word(both) == (True, 1200)


def test_a_decision_right_after_a_heartbeat_counts(both: Store) -> None:
    """Ages are whole seconds: it may seem to be the earlier of the two."""
    both.commit(batch(heartbeat(0)))
    both.commit(batch(frost(0, True, age=2), received=NOW + 1))
    assert word(both) == (True, 1)


def test_rules_beyond_the_heartbeats_bits(store: Store) -> None:
    rules = [{"name": f"r{n}", "labels": ["off", "on"], "clauses": ["x"]} for n in range(40)]
    attic(store, ("bed-3", "r35"), ("bed-3", "r31"))
    many = manifest(rules=rules)
    store.commit(Batch(births=[("bed-3", many)], heard=batch(birth(manifest=many.hash)).heard))
    store.commit(batch(heartbeat(2**32 - 1)))
    assert [one.active for one in store.hearings()] == [None, True]
    store.commit(batch(decision(0, rule=35, label=1, flags=1, manifest=many.hash)))
    assert [one.active for one in store.hearings()] == [True, True]


def test_a_restarted_neighbour_has_said_nothing(both: Store) -> None:
    both.commit(batch(frost(0, True), heartbeat(1 << FROST)))
    both.commit(batch(birth(boot=2), received=NOW + 5))
    assert state_of(the(both), NOW + 5) == "silent"
    both.commit(batch(heartbeat(1 << FROST), received=NOW + 6))  # of its former life
    assert state_of(the(both), NOW + 6) == "silent"


def test_what_the_edge_is_asked_is_not_active_yet(both: Store) -> None:
    both.commit(batch(decision(0, rule=FROST, flags=0b0100001)))
    assert word(both) == (False, 0)
    both.commit(batch(decision(1, rule=FROST, flags=0b1000011), received=NOW + 9))
    assert word(both) == (True, 9)


def test_a_number_used_twice_is_no_word(both: Store) -> None:
    both.commit(batch(decision(0)))
    assert both.commit(batch(frost(0, True))).collisions == ("bed-3",)
    assert state_of(the(both), NOW) == "silent"


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_however_a_nodes_words_arrive_the_last_one_stands(
    store: Store, data: st.DataObject
) -> None:
    """Held up, repeated and out of order: in the end the store knows what the node last said."""
    attic(store, ("bed-3", "frost"))
    boot = 1 + max([one.boot for one in store.nodes() if one.name == "bed-3"], default=0)
    store.commit(Batch(births=[("bed-3", manifest())], heard=batch(birth(boot)).heard))
    t, seq, active, said = NOW + 10_000 * boot, 0, False, []
    for wait, beat in data.draw(
        st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=12)
    ):
        t += wait
        if beat:
            said.append((t, lambda late, mask=active << FROST: heartbeat(mask, boot=boot)))
        else:
            active = not active
            said.append((t, lambda late, n=seq, on=active: frost(n, on, boot=boot, age=late)))
            seq += 1
    arrivals = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said)))))
    now = t
    for at, message in arrivals:
        late = data.draw(st.integers(0, 90))  # at the node, if it can say so, and on the way
        heard = at + late if message(0).age is not None else at
        now = max(now, heard) + data.draw(st.integers(0, 60))
        store.commit(batch(replace(message(late), heard=heard), received=now))
    found = the(store)
    assert found.active is active
    assert found.said is not None
    assert t <= found.said <= t + len(said)


# --- births that are none

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
_NAMES = st.sampled_from(["bed-3", "frost", "Hall 1", "", "a" * 17, "b\0", "\ud800", "x" * 9000])
_WISH = st.fixed_dictionaries(
    {},
    optional={
        "name": _NAMES | _JSON,
        "node": _NAMES | _JSON,
        "decision": _NAMES | _JSON,
        "expires": st.integers(-1, 2**70) | _JSON,
        "more": _JSON,
    },
)
_WHOLE = st.fixed_dictionaries(
    {
        "name": st.text(max_size=9),
        "node": st.sampled_from(["bed-3", "attic-1", "hall-1"]),
        "decision": st.sampled_from(["frost", "water", "smoke", "b\0"]),
        "expires": st.integers(1, 2**32 - 1),
    }
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(_WISH | _WHOLE, max_size=4) | st.lists(_WHOLE, max_size=300) | _JSON)
def test_whatever_a_birth_wishes_it_is_taken_or_put_aside(store: Store, wishes: Any) -> None:
    """A store that refused it would be offered it for ever; a wrong one is in quarantine."""
    said = json.loads(manifest(app="attic", node="attic-1").to_json()) | {"neighbours": wishes}
    payload = json.dumps({"node": "attic-1", "manifest": said}).encode()
    got = Batch()
    read(Delivery(topic("attic-1", "birth"), payload, (0, 0, 0)), got, NOW)
    assert len(got.births) + len(got.rejected) == 1
    for _, mine in got.births:
        assert [json.loads(one.model_dump_json()) for one in mine.neighbours] == wishes
        got.heard += batch(birth(boot=2, manifest=mine.hash), node="attic-1").heard
    for one in got.rejected:
        assert "neighbours" in one.reason or "JSON" in one.reason
    store.commit(got)
    store.commit(batch(frost(0, True), heartbeat(4)))
    for hearing in store.hearings():
        assert line(hearing, NOW).text


def test_wishes_that_are_wrong_say_where(store: Store) -> None:
    good = {"name": "hall", "node": "hall-1", "decision": "smoke", "expires": 600}
    wrong: list[tuple[Any, str]] = [
        ({**good, "node": "Hall 1"}, "manifest: neighbours.0.node: "),
        ({**good, "expires": 0}, "manifest: neighbours.0.expires: "),
        ({**good, "expires": 2**32}, "manifest: neighbours.0.expires: "),
        ({**good, "readings": True}, "manifest: neighbours.0.readings: "),
        ({"name": "hall"}, "manifest: neighbours.0.node: "),
    ]
    for wish, said in wrong:
        whole = json.loads(manifest().to_json()) | {"neighbours": [wish]}
        got = Batch()
        payload = json.dumps({"manifest": whole}).encode()
        read(Delivery(topic("attic-1", "birth"), payload, (0, 0, 0)), got, NOW)
        assert got.births == []
        assert got.rejected[0].reason.startswith(said)
        store.commit(got)
    assert store.hearings() == []
    assert len(store.rejected()) == len(wrong)
