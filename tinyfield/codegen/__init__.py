"""The app as C: the last stage before the C compiler.

::

    App, Board, Programs, scales ── plan ──→ NodePlan ── render ──→ app.h, app.c
    App ── features.emit ──→ app_features.h, app_features.c
    Programs ── compiler.join ──→ model.h, model.c
    App, Programs ── manifest ──→ manifest.json

The file set never changes and a file is written only if its text did: PlatformIO then rebuilds
what is needed and nothing else. The texts carry no time and no path; the same app gives the same
bytes.
"""

from __future__ import annotations

from tinyfield.codegen.generate import Generated, generate
from tinyfield.codegen.manifest import make_manifest
from tinyfield.codegen.plan import NodePlan, make_plan

__all__ = ["Generated", "NodePlan", "generate", "make_manifest", "make_plan"]
