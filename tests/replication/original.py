"""What the original program left, and its nets made anew by the words of SN 2.8.

tests/golden/original has hashes and some numbers of its trajectories, made by
scripts/make_original_goldens.py. Nets come from the programs in nets/sn28; their connections have
the hashes of the original's, in the order in which it made them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.live.net import WEIGHT, LiveNet
from sn.session import Session
from sn.shipped import nets_folder
from tests.conftest import GOLDEN

Floats32 = NDArray[np.float32]
KERNELS = {"plain": "sn28", "ite": "sn28ite", "itenew": "sn28itenew"}
# columns of the original's records of units, as rows of LiveNet.units
COLUMNS = [1, 0, 3, 2, 6, 5]
# what each run sets before it begins, in the words of SN
NETMASK = {"ite_sgd": "(mask-epsi 0.1)", "itenew_lm": "(epsilon 0.0005)"}
LECUN89 = {"sgd_plain0.003": "(epsilon 0.003)", "lm_0.0005": "(epsilon 0.0005)"}


@cache
def kept(name: str) -> dict[str, Any]:
    """Return what is kept of xor, netmask, lecun89, nlf or rng."""
    found: dict[str, Any] = json.loads((GOLDEN / "original" / f"{name}.json").read_text("utf-8"))
    return found


def sha256(array: NDArray[Any]) -> str:
    """Return the hash of the numbers of an array, little-endian."""
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


def quiet() -> Session:
    """Return a session that prints nothing."""
    session = Session()
    session.interpreter.stdout.file = io.StringIO()
    return session


def live(session: Session) -> LiveNet:
    """Return the net of a session."""
    net: LiveNet = session.world.live
    return net


def weights(session: Session) -> Floats32:
    """Return a copy of the weights of a session's net."""
    net = live(session)
    return net.weights[WEIGHT, : net.n_weights].copy()


def units(session: Session, count: int, fields: int) -> Floats32:
    """Return units 0 to count - 1 as the original recorded them: (count, fields)."""
    return np.ascontiguousarray(live(session).units[COLUMNS[:fields], :count].T)


def netmask(run: str, data: str = "") -> Session:
    """Return NetMASK before a run, with the original's weights; `data` loads patterns."""
    return _made("netmask", run, data, "(forget-sqrt 1)", NETMASK[run])


def lecun89(run: str, data: str = "") -> Session:
    """Return the 1989 net before a run, with the original's weights; `data` loads patterns."""
    return _made("lecun89", run, data, "(forget-inv 2.4)", LECUN89[run])


def _made(name: str, run: str, data: str, forget: str, rates: str) -> Session:
    text = (nets_folder() / "sn28" / f"{name}.sn").read_text("utf-8")
    text, kernel = text.partition("(load-dataset")[0], KERNELS["itenew" if "lm" in run else "ite"]
    text, count = re.subn(r'\(libload "sn28/\w+"\)', f'(libload "sn28/{kernel}")', text)
    assert count == 1
    session = quiet()
    session.evaluate(f"{text}\n{data}\n(seed 1) {forget} {rates}")
    return session


@cache
def columns(name: str) -> dict[str, NDArray[Any]]:
    """Return pre, post and widx of netmask or lecun89, and the weights w0 that it begins with."""
    session = netmask("ite_sgd") if name == "netmask" else lecun89("lm_0.0005")
    net = live(session)
    n = net.n_conns
    rows = {"pre": net.src[:n], "post": net.dst[:n], "widx": net.wid[:n]}
    return {**{key: row.copy() for key, row in rows.items()}, "w0": weights(session)}
