"""openSMILE with instances that are reset and used again: the package starts a new one for each recording."""

from __future__ import annotations

import tempfile
import weakref
from collections import deque
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nk.registry import Floats

_MOST = 64  # instances that are kept, as many as threads have been at work at once, a sampling rate
_LONGEST = (
    60  # s: an instance holds as much memory as its longest recording took, and for a long one a start costs little
)

# The last component of a large set writes thousands of names at each start and reset, unless it is told to write one
# field. The values are the same; their names come from the package.
_ONE_FIELD = """
[{component}:cVectorConcat]
processArrayFields = 0
preserveFieldNames = 0
"""


class KeptSmile:
    """Gives what `smile`, an `opensmile.Smile`, gives, bit by bit, and starts fewer instances for it.

    `concat` is the component that writes the columns, where it is to write them as one field. Any number of threads may
    call. On an error the package itself is asked; if it has no trouble with the recording, the trouble is ours:
    `trouble` says which, and from then on all is left to the package.
    """

    def __init__(self, smile: Any, concat: str | None = None) -> None:
        self._smile, self._concat = smile, concat
        self._idle: deque[_Instance] = deque(maxlen=_MOST)
        self._lock = Lock()
        self.trouble: str | None = None

    def __reduce__(self) -> tuple[type[KeptSmile], tuple[Any, str | None]]:
        return KeptSmile, (self._smile, self._concat)  # instances stay in their process

    def __call__(self, signal: Floats, rate: int) -> Floats:
        """The values of one channel, shape (frames, features); one frame of NaN where it is too short.

        Args:
            signal: shape (samples,), from -1 to 32767 / 32768
            rate: Hz
        """
        if self.trouble is not None:
            return self._stock(signal, rate)
        try:
            return self._kept(signal, rate)
        except Exception as error:  # noqa: BLE001 - whatever it is, the package may do better
            values = self._stock(signal, rate)
            self.trouble = str(error) or repr(error)
            return values

    def _stock(self, signal: Floats, rate: int) -> Floats:
        values: Floats = np.asarray(self._smile(signal, rate), dtype=np.float32)[0].T
        return values

    def _kept(self, signal: Floats, rate: int) -> Floats:
        instance = self._take(rate)
        values = instance(signal)
        if len(signal) <= _LONGEST * rate:
            self._give_back(instance)  # after an error nobody gets here, and it is not used again
        columns = len(self._smile.feature_names)
        if values is None:
            return np.full((1, columns), np.nan, dtype=np.float32)
        if values.shape[1] != columns:
            raise RuntimeError(f"{values.shape[1]} values for {columns} names")
        return values

    def _take(self, rate: int) -> _Instance:
        with self._lock:
            for instance in self._idle:
                if instance.rate == rate:
                    self._idle.remove(instance)
                    return instance
        return _Instance(self._smile, rate, self._concat)

    def _give_back(self, instance: _Instance) -> None:
        with self._lock:
            self._idle.append(instance)


class _Instance:
    """A started openSMILE for signals of one sampling rate."""

    def __init__(self, smile: Any, rate: int, concat: str | None) -> None:
        from opensmile.core.config import config

        self.rate, self._names, self._used = rate, config, False
        source = Path(smile.default_config_root) / config.EXTERNAL_INPUT_CONFIG
        # Private, but what the package's own call uses; should a version lack it, the package is left to itself.
        options = {**smile._options(), "source": source, "sampleRate": rate, "nBits": 16}  # noqa: SLF001
        self._native = _start(smile, options, concat)
        # At the end of the process the memory goes anyway, and threads may still be at work.
        weakref.finalize(self, self._native.free).atexit = False

    def __call__(self, signal: Floats) -> Floats | None:
        """The values, shape (frames, features); None where the signal is too short for any."""
        native, frames = self._native, list[Any]()
        if self._used:
            native.reset()
            native._callbacks.clear()  # noqa: SLF001 - they hold the values of the recording before
        self._used = True
        samples = (signal * np.float32(32768)).astype(np.int16).tobytes()
        native.external_sink_set_callback_ex(
            self._names.EXTERNAL_OUTPUT_COMPONENT, lambda data, _: frames.append(data.copy())
        )
        write = native.external_audio_source_write_data
        if samples and not write(self._names.EXTERNAL_SOURCE_COMPONENT, samples):
            raise RuntimeError("openSMILE did not take the samples")
        native.external_audio_source_set_eoi(self._names.EXTERNAL_SOURCE_COMPONENT)
        native.run()
        return np.concatenate(frames) if frames else None


def _start(smile: Any, options: dict[str, Any], concat: str | None) -> Any:
    """Start openSMILE as the package does, or with one field of columns."""
    if concat is None:
        return smile._smile(options)  # noqa: SLF001
    with tempfile.TemporaryDirectory() as folder:
        sink = Path(folder) / "sink.conf.inc"
        sink.write_text(Path(options["sink"]).read_text() + _ONE_FIELD.format(component=concat))
        return smile._smile({**options, "sink": sink})  # noqa: SLF001
