"""Exported nets of every kind read all test digits as the kernels do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sn.data import load
from sn.export.c import c
from sn.export.portable import Program
from sn.net.table import freeze
from tests.sample_nets import described
from tests.unit.test_export import (
    as_function,
    called,
    compiled,
    in_node,
    needs_gcc,
    needs_node,
    onnx_model,
    run_onnx,
)
from tests.unit.test_trained_net import net_of

pytestmark = [pytest.mark.slow, pytest.mark.kernels]

# the input is 16 x 16; between them every kind of node, and every non-linearity of its own kind
NETS = {
    "table of maps": "(layer in (16 16) (border -1)) (layer h (6 8 8) (border -1)) (layer g (4 4 4)"
    " (gelu)) (layer out (10)) (connect in h (conv (kernel 5 5) (stride 2 2))) (connect h g"
    " (conv (kernel 5 5) (stride 2 2) (maps '((0 1 2) (1 3 5) (2 4) (0 5)))))"
    " (connect g out (full))",
    "local": "(layer in (16 16)) (layer h (3 6 6) (silu)) (layer out (10))"
    " (connect in h (local (kernel 6 6) (stride 2 2))) (connect h out (full))",
    "subsampling": "(layer in (16 16)) (layer h (4 12 12) (bias map)) (layer s (4 6 6) (bias map))"
    " (layer out (10)) (connect in h (conv (kernel 5 5))) (connect h s (subsample (kernel 2 2)))"
    " (connect s out (full))",
    "wrapped": "(layer in (16 16)) (layer h (3 16 16) (relu)) (layer out (10) (logistic))"
    " (connect in h (conv (kernel 3 3) (wrap))) (connect h out (full))",
    "dilated": "(layer in (16 16)) (layer h (5 8 8) (softplus)) (layer out (10))"
    " (connect in h (conv (kernel 5 5) (dilation 2 2))) (connect h out (full))",
    "full": "(layer in (16 16)) (layer h (40) (elu 0.7)) (layer out (10) (linear))"
    " (connect in h (full)) (connect h out (full))",
    "rows": "(layer in (16 16)) (layer h (30)) (layer out (10)) (connect in h (scheme (lambda"
    " (from to) (let ((rows ())) (each ((j to)) (each ((i from)) (if (= 0 (mod (+ i (* 7 j)) 11))"
    " (setq rows (cons (list j i) rows))))) rows)))) (connect h out (full))",
    "a Lisp formula": "(layer in (16 16)) (layer h (20) (nlf (lambda (x) (if (< x 0) (- (exp x) 1)"
    " (log (+ 1 (* x x))))))) (layer out (10)) (connect in h (full)) (connect h out (full))",
    "two outputs": "(layer in (16 16)) (layer h (4 7 7) (leaky-relu)) (layer a (10) (output))"
    " (layer b (5) (output)) (connect in h (conv (kernel 4 4) (stride 2 2))) (connect h a (full))"
    " (connect h b (full))",
    "slices": "(layer all (16 16)) (layer top (8 16) (from all 0 127)) (layer h (2 3 7))"
    " (layer g (12)) (layer out (10)) (connect top h (conv (kernel 4 4) (stride 2 2)))"
    " (connect all g (full)) (connect h out (full)) (connect g out (full))",
}


@needs_node
@needs_gcc
@pytest.mark.parametrize("name", NETS)
def test_all_digits_get_the_answers_of_the_kernels(name: str, tmp_path: Path) -> None:
    net = net_of(freeze(described(f"(defnet sample {NETS[name]})")))
    digits = load("mnist-1989").test.inputs
    outputs = net.outputs(digits)
    assert outputs.shape == (2007, net.table.n_outputs)
    program, weights = Program(net.plan), net.weight_vector
    text = as_function(program, weights)
    for found in (
        called(compiled(c(program, weights), tmp_path), net.table, digits),
        run_onnx(onnx_model(program, weights), digits),
        in_node({"net": text}, {"net": digits})["net"],
    ):
        assert np.abs(found - outputs).max() < 1e-5 * max(1.0, float(np.abs(outputs).max()))
        assert (found[:, :10].argmax(axis=1) == outputs[:, :10].argmax(axis=1)).all()
