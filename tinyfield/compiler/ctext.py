"""Texts of a model's own as C takes them."""

from __future__ import annotations

import re


def comment(text: str) -> str:
    """``text`` fit for a comment of C and of C++: printable ASCII, cut short, closing nothing."""
    clean = re.sub(r"[^\x20-\x7e]", "?", text)
    # A backslash at a line's end would carry a comment of C++ on to the next.
    return clean.replace("*/", "* /").replace("/*", "/ *").rstrip("\\")[:120]
