"""Damaged input of any kind gives an error in words, soon and in little memory: `python tests/fire/fuzz.py KIND`.

Mutates good config files, tables or recordings and hands them to nk. Whatever is neither taken nor refused in words, or
takes more than ten seconds or two GiB, is kept as a file, and the exit code is 1; where the process dies or hangs, the
input is the file that is left over.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from nk import audio
from nk.config import load_config, missing
from nk.csvtable import read_table
from nk.errors import AudioError, ConfigError, DataError, NotBuilt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SLOW = 10.0  # s
MEMORY = 2 << 30  # bytes, beside what is in use when it begins
EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Kind:
    """Good files, pieces that damage them in telling ways, what to do with one, and the errors that are words."""

    seeds: Sequence[tuple[str, bytes]]
    pieces: Sequence[bytes]
    act: Callable[[Path], object]
    errors: tuple[type[Exception], ...]


def main() -> None:
    """Fuzz, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("folder", type=Path, help="where inputs are written, and kept that were found")
    parser.add_argument("--count", type=int, default=1000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    kind = KINDS[asked.kind]()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + MEMORY, resource.RLIM_INFINITY))
    found = refused = 0
    for number, (suffix, content) in enumerate(mutants(kind, asked.count, random.Random(asked.seed))):  # noqa: S311
        file = asked.folder / f"input{suffix}"
        file.write_bytes(content)
        bad, why = _outcome(kind, file)
        refused += why is not None
        if bad:
            found += 1
            file.rename(asked.folder / f"{asked.kind}-{asked.seed}-{number}{suffix}")
            print(f"input {number}: {why}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - used
    print(f"{asked.count} inputs, {refused} refused, {found} bad, {most / 2**20:.0f} MiB more than at the start")
    sys.exit(bool(found))


def mutants(kind: Kind, count: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Good files with one to eight damages each."""
    for _ in range(count):
        suffix, content = rng.choice(kind.seeds)
        for _ in range(rng.randint(1, 8)):
            content = _damaged(content, kind.pieces, rng)
        yield suffix, content


def _damaged(content: bytes, pieces: Sequence[bytes], rng: random.Random) -> bytes:
    """A file with one damage; in half of the cases near its beginning, where headers are."""
    size = len(content) if rng.random() < 0.5 else min(len(content), 200)
    at = rng.randint(0, size)
    to = min(len(content), at + rng.choice((1, 1, 2, 4, 16, 256)))
    damages = (
        lambda: content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :],
        lambda: content[:at] + bytes(byte ^ 1 << rng.randrange(8) for byte in content[at : at + 1]) + content[at + 1 :],
        lambda: content[:at] + content[to:],
        lambda: content[:at] + content[at:to] * rng.choice((2, 3, 50)) + content[to:],
        lambda: content[:at] + rng.choice(pieces) + content[at:],
        lambda: content[:at] + rng.choice(pieces) + content[to:],
        lambda: content[:at],
        lambda: content[:at] + rng.randbytes(to - at) + content[to:],
    )
    return rng.choice(damages)()


def _outcome(kind: Kind, file: Path) -> tuple[bool, str | None]:
    """Whether that was bad, and why the file was refused."""
    start = time.monotonic()
    try:
        kind.act(file)
        why = None
    except kind.errors as error:
        why = str(error)
    except Exception:  # noqa: BLE001 - what is looked for
        return True, traceback.format_exc()
    seconds = time.monotonic() - start
    return (True, f"{seconds:.0f} s") if seconds > SLOW else (False, why)


def _mapped() -> int:
    """How many bytes of addresses are in use."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def configs() -> Kind:
    """Example files, INI and YAML."""
    seeds = [(file.suffix, file.read_bytes()) for file in sorted(EXAMPLES.iterdir()) if file.suffix != ".md"]
    pieces = (
        b"[EXP]\n", b"[NOTHING]", b"=", b":", b"\n", b"  ", b"\t", b"'", b'"', b"{", b"}", b"[", b"]", b"(" * 400,
        b"[" * 3000, b"{'a':" * 500, b"- " * 500, b"&a [*a, *a]", b"<<: *a", b"!!python/object:os.system", b"%",
        b"${a}", b"\0", b"\xff\xfe", b"\xc3", "ä語".encode(), b"9" * 5000, b"1e999", b"nan", b"-1", b"None", b"True",
        b"#", b";", b"9**9**9", b"__import__('os')", b"databases = ['db']\n", b"emodb.", b".", b",", b"\r", b"\\", b"?",
        b"|\n", b">\n",
    )  # fmt: skip

    def act(file: Path) -> None:
        missing(load_config(file, (), roots=False))

    return Kind(seeds, pieces, act, (ConfigError, NotBuilt))


def tables() -> Kind:
    """Tables of recordings with each separator, quotes and times."""
    rows = [("file", "start", "end", "speaker", "emotion", "age")]
    rows += [(f"a/{n}.wav", f"{n / 2}", f"{n / 2 + 1}", f"s{n % 3}", "joy", str(20 + n)) for n in range(12)]
    plain = ["\n".join(separator.join(row) for row in rows) for separator in ",;\t"]
    quoted = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    clock = plain[0].replace("0.5,", "00:00:00.5,").replace("2.5,", "0 days 00:00:02.500,")
    pieces = (
        b",", b";", b"\t", b'"', b'""', b"'", b"\n", b"\r", b"\r\n", b"\0", b"\x85", b"\xc2\x85", b"\xef\xbb\xbf",
        b"\xff\xfe", b"\xff", b"nan", b"NaT", b"1e308", b"-1", b"9" * 400, b"00:00:99", b"0 days", b"1,5", b"=1+1",
        b"file", b"speaker", b"file,file", b" ", b"\n" * 50, b'"' * 51, b"a" * 70_000, "ä\u2028語".encode(), b"#",
    )  # fmt: skip
    seeds = [(".csv", text.encode()) for text in (*plain, quoted, clock)]
    return Kind(seeds, pieces, lambda file: read_table(file, file.name), (DataError,))


def recordings() -> Kind:
    """Short recordings of each format."""
    wave = np.random.default_rng(1).normal(0, 0.1, (3000, 2))
    formats = (
        ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("WAV", "MS_ADPCM"), ("WAVEX", "PCM_24"),
        ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16"),
        ("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16"), ("RF64", "PCM_16"),
    )  # fmt: skip
    seeds = [(f".{kind.lower()}", _written(wave, kind, coding)) for kind, coding in formats]
    pieces = (
        b"RIFF", b"WAVE", b"fmt ", b"data", b"LIST", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"FORM", b"COMM", b"SSND",
        b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\0" * 1000, b"\x01\0",
    )  # fmt: skip

    def act(file: Path) -> None:
        audio.probe(file)
        audio.read(file, every=True)

    return Kind(seeds, pieces, act, (AudioError,))


def _written(wave: np.ndarray[tuple[int, ...], np.dtype[np.float64]], kind: str, coding: str) -> bytes:
    written = io.BytesIO()
    soundfile.write(written, wave, 48000 if coding == "OPUS" else 16000, format=kind, subtype=coding)
    return written.getvalue()


KINDS = {"configs": configs, "tables": tables, "recordings": recordings}

if __name__ == "__main__":
    main()
