"""Make docs/play/index.html: the net of 1989, trained on the stand-in, in a page to draw on.

    python scripts/make_play_page.py [FOLDER]

The digits in it are those of the package, made from MNIST, CC BY-SA 3.0; the page says so. The
weights are those of `sn run zipcode` on the stand-in, to the last bit on any machine.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from sn.data.base import NamedData
from sn.opened import open_run
from sn.page.data import Frame
from sn.page.html import tag
from sn.page.play import play_page, playground
from sn.results.film import read_film
from sn.session import Session
from sn.shipped import shipped_net

PASSES = 23
TITLE = "The network of 1989 reads what you draw"


def main() -> None:
    """Train the net and write the page."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/play")
    experiment = Session().load(shipped_net("zipcode").path).experiment()
    stand_in = NamedData(("mnist-1989",))
    experiment = replace(experiment, spec=replace(experiment.spec, data=stand_in))
    with tempfile.TemporaryDirectory() as place:
        run = Path(place)
        experiment.train(passes=PASSES, folder=run)
        net = open_run(run)
        frames = [
            Frame("before training" if not number else f"after pass {number}", weights)
            for number, weights in read_film(run, net.table.n_weights)
        ]
        frames.append(Frame(f"after pass {PASSES}", net.weight_vector))
        test = net.about.scores["test"]
        words = tag(
            "p",
            "LeCun, Boser, Denker, Henderson, Howard, Hubbard and Jackel, 1989: 9,760 weights in "
            "64,660 connections, the first convolutional network that did real work. Here it was "
            f"trained by SN in a few seconds and misreads {test['misses']} of "
            f"{test['patterns']:,} test digits. It runs in your browser; nothing is sent anywhere.",
        )
        credit = tag(
            "p",
            "The digits are from MNIST (Yann LeCun and Corinna Cortes), shrunk to 16 by 16, under "
            "the Creative Commons Attribution-ShareAlike 3.0 licence.",
            Class="note",
        )
        page = play_page(playground(net, frames, net.sets()), TITLE, words, credit)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page, encoding="utf-8")
    print(f"{folder / 'index.html'}: {len(page.encode()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
