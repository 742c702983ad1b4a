"""Texts of a model's own as C, and as people, take them."""

from __future__ import annotations

import re


def comment(text: str) -> str:
    """``text`` fit for a comment of C and of C++: printable ASCII, cut short, closing nothing."""
    clean = re.sub(r"[^\x20-\x7e]", "?", text)
    # A backslash at a line's end would carry a comment of C++ on to the next.
    return clean.replace("*/", "* /").replace("/*", "/ *").rstrip("\\")[:120]


def brief(text: str) -> str:
    """``text`` with each tensor's name cut to what a person would say.

    Converters name a tensor by the path of its layer, and join with ``;`` the names of all that
    was fused into it: of ``model/a/Relu;model/b/BiasAdd;…`` this leaves ``a/Relu``.
    """
    return re.sub(r"[^\s']*[/;][^\s']*", _shorter, text)


def _shorter(found: re.Match[str]) -> str:
    whole = found[0]
    first = whole.split(";", maxsplit=1)[0]
    return "/".join(first.split("/")[-2:]) or whole
