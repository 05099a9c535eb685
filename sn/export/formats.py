"""Formats: what a trained net can be written as, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sn.data.scaling import Scaling
from sn.errors import SnError, UnknownNameError, did_you_mean
from sn.export import plain
from sn.export.c import c, identifier
from sn.export.javascript import standalone
from sn.export.portable import Program
from sn.trained.net import TrainedNet
from sn.trained.words import facts, title


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the suffix of its files, what they are, and who makes one."""

    suffix: str
    what: str
    made: Callable[[TrainedNet], bytes]


def _head(net: TrainedNet) -> list[str]:
    """Return what the head of a file says of a net."""
    told = dict(facts(net.table, net.about))
    lines = [title(net.table, net.about)]
    return lines + [
        f"{name}: {told[name]}" for name in ("test", "tells", "inputs", "cost") if name in told
    ]


def _scaling(net: TrainedNet) -> Scaling | None:
    """Return what is done to inputs first, None where that changes none."""
    scaling = net.about.scaling
    return None if scaling is None or (scaling.is_identity and not net.about.fills) else scaling


def _as_c(net: TrainedNet) -> bytes:
    text = c(Program(net.plan), net.weight_vector, _scaling(net), _head(net))
    return text.encode("ascii")


def _as_javascript(net: TrainedNet) -> bytes:
    text = standalone(Program(net.plan), net.weight_vector, _scaling(net), _head(net))
    return text.encode("ascii")


def _as_onnx(net: TrainedNet) -> bytes:
    try:
        from sn.export.onnx import onnx_model  # onnx is an extra
    except ImportError as error:
        raise SnError(
            f"the library onnx cannot be loaded: {error}", hint="pip install 'sn[onnx]' brings it"
        ) from error
    about = "\n".join(_head(net))
    return onnx_model(Program(net.plan), net.weight_vector, _scaling(net), about)


FORMATS = {
    "c": Format(".c", "one file of C99, without libraries", _as_c),
    "js": Format(".js", "a module of JavaScript", _as_javascript),
    "json": Format(".json", "layers, scores and weights, for people", plain.as_json),
    "npz": Format(".npz", "the weights by name, for NumPy", plain.as_npz),
    "onnx": Format(".onnx", "a graph for ONNX runtimes", _as_onnx),
}


def exported(net: TrainedNet, to: str) -> bytes:
    """Return a trained net as a file of a format: c, js, json, npz or onnx.

    Raises: UnknownNameError for another format; SnError where its library is missing.
    """
    if to not in FORMATS:
        hint = did_you_mean(to, FORMATS) or f"there are: {', '.join(FORMATS)}"
        raise UnknownNameError(f"there is no format '{to}'", hint=hint)
    return FORMATS[to].made(net)


def file_name(net: TrainedNet, to: str) -> str:
    """Return a name for the file of a net, of letters and digits alone whatever its own name is."""
    return f"{identifier(net.name)}{FORMATS[to].suffix}"
