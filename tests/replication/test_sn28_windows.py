"""The windows of a program of SN 2.8: its library draws what it measures, and learns the same."""

from __future__ import annotations

import io
import re

import pytest

from sn.graphics.picture import pictures_of
from sn.session import Session
from sn.shipped import nets_folder

pytestmark = pytest.mark.kernels


def ran(is_drawing: bool) -> tuple[Session, str]:
    session = Session()
    session.screen.is_drawing = is_drawing
    out = io.StringIO()
    session.interpreter.stdout.file = out
    session.evaluate((nets_folder() / "sn28" / "windows.sn").read_text("utf-8"), "windows.sn")
    return session, out.getvalue()


def test_a_program_is_seen_and_learns_the_same_unseen() -> None:
    session, text = ran(True)
    assert ran(False)[1] == text
    assert text.rstrip().endswith("performance=100")
    pictures = pictures_of(session.screen)
    assert set(pictures) == {"net", "error", "performance", "nlf"}
    age, error = re.findall(r"age=(\d+), error=([\d.]+)", text)[-1]
    assert f"age {age} " in pictures["net"].svg
    # the measures are circles, from the left end of the axis to the right one
    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', pictures["performance"].svg)
    measures = [float(percent) for percent in re.findall(r"performance=([\d.]+)", text)]
    left, top, right, low = 64, 36, 488, 476  # what (nice-brect) gives for 512 by 512
    assert [float(x) for x, _ in circles] == pytest.approx(
        [left + n / 40 * (right - left) for n in range(41)], abs=0.01
    )
    assert [float(y) for _, y in circles] == pytest.approx(
        [low - percent / 100 * (low - top) for percent in measures], abs=0.01
    )
    assert len(re.findall("<circle", pictures["error"].svg)) == 41
    assert float(error) < 0.1
