"""An app's frames through its C in pieces, as a node with a small buffer gives them."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.features.bind import feature_files
from tinyfield.features.emit import emit_features
from tinyfield.paths import firmware_dir
from tinyfield.spec import App

_C = """
void pieces(const int16_t *frames, int n, int size, int32_t *out);
void pieces(const int16_t *frames, int n, int size, int32_t *out)
{{
    static app_features_t s;
    app_features_init(&s);
    for (int tick = 0; tick < n; tick++) {{
        int32_t row[APP_FEATURES_CHANNELS];
        for (int at = 0; at < {of}; at += size) {{
            const int count = at + size < {of} ? size : {of} - at;
            app_features_{sensor}_frames(&s, (uint16_t)at, frames + (tick * {of} + at) * {width},
                                         (uint16_t)count, row);
        }}
        app_features_push(&s, row);
        (void)app_features_{model}(&s, NULL, NULL, out + tick * {inputs});
    }}
}}
"""


def in_pieces(app: App, model: str, bursts: NDArray[np.int16], size: int) -> NDArray[np.int32]:
    """The inputs after each burst [n, frames, channels] of the app's one fast sensor."""
    source = emit_features(app)
    (burst,) = source.bursts
    text = _C.format(
        of=burst.frames,
        width=burst.width,
        sensor=burst.name,
        model=model,
        inputs=source.widths[model],
    )
    library = ctypes.CDLL(
        str(
            hostcc.compile_shared(
                [source.source + text, *feature_files()],
                include=[firmware_dir() / "core"],
                headers={"app_features.h": source.header},
                flags=[*hostcc.WARNINGS, "-Werror"],
                name="pieces",
            )
        )
    )
    out = np.zeros((len(bursts), source.widths[model]), dtype=np.int32)
    given = np.ascontiguousarray(bursts)
    library.pieces(
        given.ctypes.data_as(ctypes.c_void_p), len(bursts), size,
        out.ctypes.data_as(ctypes.c_void_p),
    )  # fmt: skip
    return out
