"""The library on SN 2.8's four kernels: weights after training as the original has them.

Source: executed in the historical kernels (sn-network, 15). They are printed with six decimals, and
those of Newton's method, which differences in float32 make noisy, with four.
"""

from __future__ import annotations

import pytest

from sn.lisp.forms import elements
from sn.session import Session

NET = """
(sn28-kernel '{kernel})
(alloc-net 20 50)
(build-net '((input 2) (hidden 2) (output 1)) '((input hidden) (hidden output)))
(setq pattern-matrix [[-1 -1] [1 -1] [1 1] [-1 1]])
(setq desired-matrix [[1] [-1] [1] [-1]])
(ensemble 0 3)
(seed 0)
(forget 1)
(epsilon 0.1)
{training}
(let ((found ()))
  (all-synapse (i j) (setq found (cons (sval i j) found)))
  (reverse found))
"""
pytestmark = pytest.mark.kernels

ALL = ("sn28", "sn28ite", "sn28new", "sn28itenew")
PLAIN = ("sn28", "sn28new")
TABLE = ("sn28ite", "sn28itenew")
CURVED = ("sn28new", "sn28itenew")
CASES = [
    (
        ALL,
        "",
        "-0.891515 0.679232 -0.746145 0.438780 0.784566 0.311741 0.740479 0.617273 -0.876198",
    ),
    (
        ALL,
        "(learn 6)",
        "-0.980922 0.538206 -0.588770 0.644578 0.843746 0.285247 0.527829 0.504145 -0.961094",
    ),
    (
        ALL,
        "(setq alpha 0.9) (learn 6)",
        "-0.911652 0.656790 -0.684340 0.489408 0.795050 0.273460 0.699743 0.560163 -0.881099",
    ),
    (
        PLAIN,
        "(setq decay 0.05) (learn 6)",
        "-0.951721 0.520709 -0.570005 0.626090 0.821520 0.273267 0.508881 0.486232 -0.931977",
    ),
    (
        TABLE,
        "(setq decay 0.05) (learn 6)",
        "-0.718222 0.386286 -0.424762 0.475488 0.635895 0.182194 0.360041 0.350206 -0.696406",
    ),
    (
        ("sn28new",),
        "(setq alpha 0.9 decay 0.05) (learn 6)",
        "-0.884597 0.637303 -0.663144 0.475211 0.771581 0.264479 0.678603 0.542661 -0.854533",
    ),
    (
        ("sn28ite",),
        "(setq alpha 0.9 decay 0.05) (learn 6)",
        "-0.670085 0.482452 -0.496085 0.361957 0.585199 0.193920 0.510464 0.405105 -0.644605",
    ),
    (
        CURVED,
        "(learn-lm 6)",
        "-1.984964 0.064196 0.495879 1.043828 2.428365 -0.092984 -0.210876 -0.675373 -2.153219",
    ),
    (
        ("sn28new",),
        "(setq alpha 0.5 decay 0.05) (learn-lm 6)",
        "-1.132394 -0.413993 0.663420 1.058993 1.242733 -0.291338 -0.229738 -0.528052 -0.963768",
    ),
    (
        ("sn28itenew",),
        "(setq alpha 0.5 decay 0.05) (learn-lm 6)",
        "-1.229884 -0.364795 0.550593 1.044889 1.233266 -0.285086 -0.251162 -0.496272 -0.968704",
    ),
    (
        ("sn28new",),
        "(learn-newton 6)",
        "-2.6310 -0.3517 1.5619 -0.6504 3.6262 2.1759 0.8386 -2.6978 -0.2689",
    ),
    (
        ("sn28itenew",),
        "(learn-newton 6)",
        "-2.6480 -0.3352 1.5720 -0.9769 3.9513 2.5229 0.9188 -2.9093 -0.2585",
    ),
    (
        TABLE,
        "(learn-batch 2)",
        "-0.906085 0.663197 -0.492110 0.620099 0.707325 0.236364 0.658191 0.430518 -0.754785",
    ),
    (
        ("sn28itenew",),
        "(learn-batch-newton 1)",
        "-0.9387 0.6491 -0.4452 0.4870 0.7702 0.2852 0.7116 0.5903 -0.3137",
    ),
    (
        ("sn28itenew",),
        "(learn-batch-lm 2)",
        "-0.921556 0.657710 -0.436795 0.519719 0.755076 0.271669 0.713846 0.578858 -0.829491",
    ),
    (
        TABLE,
        "(learn-batch-cg 3)",
        "-0.913354 0.671498 0.254162 1.143315 0.394276 0.397885 0.489958 0.052274 -0.193601",
    ),
]


@pytest.mark.parametrize(
    ("kernel", "training", "expected"),
    [(kernel, training, expected) for kernels, training, expected in CASES for kernel in kernels],
)
def test_weights_after_training(kernel: str, training: str, expected: str) -> None:
    found = elements(Session().evaluate(NET.format(kernel=kernel, training=training)))
    wanted = [float(word) for word in expected.split()]
    decimals = len(expected.split()[0].split(".")[1])
    # half of the last digit, and two ulp of the kernel that a row was printed by
    assert found == pytest.approx(wanted, rel=0, abs=0.5 * 10**-decimals + 2.4e-7)
