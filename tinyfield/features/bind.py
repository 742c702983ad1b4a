"""The node's own feature code, compiled for this PC and run over whole series."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.errors import DataError
from tinyfield.features.emit import FeatureSource, emit_features
from tinyfield.features.site import CROP_FIELDS
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.spec import App

_SHIM = """
void run_{name}(const int32_t *rows, const int16_t *const *frames, const tiny_when_t *when,
                const int32_t *crop, int64_t n, int32_t *out, uint8_t *valid)
{{
    app_features_t s;
    int32_t row[APP_FEATURES_CHANNELS];
    tiny_crop_t c;
    if (crop != NULL) {{
        const tiny_crop_t given = {{{members}}};
        c = given;
    }}
    app_features_init(&s);
    for (int64_t i = 0; i < n; i++) {{
        memcpy(row, rows + i * APP_FEATURES_CHANNELS, sizeof row);
        if (frames != NULL) {{
{bursts}        }}
        app_features_push(&s, row);
        valid[i] = app_features_{name}(&s, crop == NULL ? NULL : &c, &when[i],
                                       out + i * APP_FEATURES_{upper}) == TINY_OK;
    }}
}}
"""


class FeatureLibrary:
    """The features of one app, ready to call.

    Args:
        app: the checked app.
        flags: more compiler flags (tests build it with sanitizers).

    Raises:
        MissingToolError: no C compiler here.
        SpecError: a window that the node's arithmetic cannot hold.
    """

    def __init__(self, app: App, *, flags: Sequence[str] = ()) -> None:
        self.source: FeatureSource = emit_features(app)
        self.channels = max(1, len(app.channels))
        core = firmware_dir() / "core"
        path = hostcc.compile_shared(
            [self.source.source + shim(self.source), *feature_files(self.source.header)],
            include=[core],
            headers={"app_features.h": self.source.header},
            flags=flags,
            name="features",
        )
        self._library = ctypes.CDLL(str(path))

    def run(
        self,
        model: str,
        rows: NDArray[np.int32],
        when: NDArray[np.int32],
        crop: tuple[int, ...] | None,
        frames: Sequence[NDArray[np.int16]] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Pushes every row in order through a fresh state and reads the model's inputs after each.

        Args:
            model: name of the model.
            rows: [n, channels] scaled values, MISSING where there is none.
            when: [n, 3] days since planting, days since 1 January 2000, second of the local day
                (MISSING: no clock).
            crop: the values of ``CROP_FIELDS``, or None where the site has no crop.
            frames: for each fast sensor, in the app's order, its bursts [n, frames, channels],
                NO_FRAME where there is no value; its channels in ``rows`` do not count then. None
                where nothing was sampled fast: its channels in ``rows`` must be MISSING.

        Returns:
            inputs [n, k] and, per row, whether all of them had a value.

        Raises:
            DataError: shapes that do not fit, or a site input without a crop.
        """
        if rows.ndim != 2 or rows.shape[1] != self.channels or when.shape != (len(rows), 3):
            raise DataError(
                f"rows of shape {rows.shape} and times of shape {when.shape} do not fit "
                f"{self.channels} channels"
            )
        if crop is None and "crop == NULL" in _body(self.source.source, model):
            raise DataError(f"model {model} reads the site's crop, and there is none")
        bursts = None if frames is None else self._bursts(frames, len(rows))
        rows = np.ascontiguousarray(rows, dtype=np.int32)
        when = np.ascontiguousarray(when, dtype=np.int32)
        given = None if crop is None else (ctypes.c_int32 * len(CROP_FIELDS))(*crop)
        out = np.zeros((len(rows), self.source.widths[model]), dtype=np.int32)
        valid = np.zeros(len(rows), dtype=np.uint8)
        self._library[f"run_{model}"](
            rows.ctypes.data_as(ctypes.c_void_p),
            bursts and (ctypes.c_void_p * len(bursts))(*(b.ctypes.data for b in bursts)),
            when.ctypes.data_as(ctypes.c_void_p),
            given,
            ctypes.c_int64(len(rows)),
            out.ctypes.data_as(ctypes.c_void_p),
            valid.ctypes.data_as(ctypes.c_void_p),
        )
        return out, valid.astype(np.bool_)

    def _bursts(self, frames: Sequence[NDArray[np.int16]], n: int) -> list[NDArray[np.int16]]:
        shapes = [(n, burst.frames, burst.width) for burst in self.source.bursts]
        if [given.shape for given in frames] != shapes:
            raise DataError(
                f"bursts of shape {[given.shape for given in frames]}, the app has {shapes}"
            )
        return [np.ascontiguousarray(given, dtype=np.int16) for given in frames]


def feature_files(header: str | None = None) -> list[Path]:
    """The node's own C of the features: all of it, or what C that begins with ``header`` needs."""
    folder = firmware_dir() / "core" / "features"
    if header is None:
        return sorted(folder.glob("*.c"))
    found: set[Path] = set()
    wanted = re.findall(r'#include "features/(\w+)\.h"', header)
    while wanted:
        path = folder / f"{wanted.pop()}.c"
        if path in found or not path.is_file():
            continue
        found.add(path)
        texts = (p.read_text(encoding="utf-8") for p in (path, path.with_suffix(".h")))
        wanted += [name for text in texts for name in re.findall(r'#include "(\w+)\.h"', text)]
    return sorted(found)


def shim(source: FeatureSource) -> str:
    """C that runs a model's features over many rows at once, one function a model."""
    kinds = {"l": "uint16_t"}
    members = ", ".join(
        f"({kinds.get(name[0], 'int16_t')})crop[{i}]" for i, name in enumerate(CROP_FIELDS)
    )
    bursts = "".join(
        f"            app_features_{b.name}_frames(&s, 0, frames[{number}] + i * "
        f"{b.frames * b.width}, {b.frames}, row);\n"
        for number, b in enumerate(source.bursts)
    )
    return "".join(
        _SHIM.format(name=name, upper=name.upper(), members=members, bursts=bursts)
        for name in source.widths
    )


def _body(source: str, model: str) -> str:
    start = source.index(f"app_features_{model}(")
    return source[start : source.index("\n}", start)]
