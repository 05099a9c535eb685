"""Raster: the text of an SVG file to PNG, by resvg, an extra.

    content = rendered(svg, width, height, zoom)

resvg holds the interpreter while it works, an hour for a picture that fills all of itself a hundred
thousand times over. What may take long is done by a process of its own, which ends at Ctrl-C.
"""

from __future__ import annotations

import math
import subprocess
import sys

from sn.errors import SnError
from sn.memory import need

MOST_PIXELS = 2**25  # of a PNG; chosen here: 5,793 a side, larger figures get fewer for each unit
PIXEL = 8  # bytes of memory, while it is packed; measured
SHAPE = 60  # letters of SVG that a shape takes at least; chosen here
QUICK = 2**31  # pixels that shapes may cover here, if each covers all: about a second
# what the process is: the extra alone, an SVG to its stdin, a PNG from its stdout
_PROGRAM = (
    "import sys, resvg_py; sys.stdout.buffer.write(bytes(resvg_py.svg_to_bytes("
    "svg_string=sys.stdin.buffer.read().decode(), zoom=float(sys.argv[1]))))"
)


def rendered(svg: str, width: float, height: float, zoom: float) -> bytes:
    """Return the PNG of an SVG of a size, with `zoom` pixels for each unit where that is not more
    than MOST_PIXELS.

    Raises: MemoryLimitError for one that may not be taken, SnError where resvg fails.
    """
    zoom = min(zoom, math.sqrt(MOST_PIXELS / (width * height)))
    pixels = width * height * zoom**2
    need(PIXEL * pixels, f"a PNG of {round(width * zoom):,} by {round(height * zoom):,} pixels")
    if len(svg) / SHAPE * pixels > QUICK and sys.executable:
        return _apart(svg, zoom)
    import resvg_py  # an extra: only who wants a PNG needs it

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom))


def _apart(svg: str, zoom: float) -> bytes:
    """Return the PNG that a process makes; Ctrl-C ends it."""
    command = [sys.executable, "-c", _PROGRAM, repr(zoom)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        try:
            made, told = process.communicate(svg.encode())
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode or not made:
        words = told.decode("utf-8", "replace").strip().split("\n")[-1][:200]
        raise SnError(f"resvg made no PNG: {words or f'exit code {process.returncode}'}")
    return bytes(made)
