"""Did you mean …? The nearest known word to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable


def distance(a: str, b: str) -> int:
    """Edits between two words: insert, delete, replace, swap neighbours (Damerau 1964)."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` most likely means, or None when none is close.

    Case, spaces, dashes and underscores do not count; a word that begins or ends like a known
    one ("soil" for "capacitive_soil") counts as close.
    """
    folded = _fold(word)
    if not folded or len(folded) > 64:
        return None
    best: tuple[float, str] | None = None
    for candidate in known:
        target = _fold(candidate)
        if not target:
            continue
        score = float(distance(folded, target))
        sizes = len(folded), len(target)
        limit = 1.0 if min(sizes) <= 4 else max(sizes) / 3
        short, long = sorted((folded, target), key=len)
        if len(short) >= 3 and (long.startswith(short) or long.endswith(short)):
            score = min(score, 1.0)
        if score <= limit and (best is None or score < best[0]):
            best = (score, candidate)
    return best[1] if best else None


def listing(words: Iterable[str], limit: int = 12) -> str:
    """``a, b, c``, cut off politely after ``limit`` words."""
    known = list(words)
    more = len(known) - limit
    return ", ".join(known[:limit]) + (f" and {more} more" if more > 0 else "")


def _fold(word: str) -> str:
    return "".join(c for c in word.lower() if c not in " -_")
