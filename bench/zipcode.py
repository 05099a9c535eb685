"""Race SN's kernels against everybody else on the 1989 zip-code net, and on full layers.

    python bench/zipcode.py [--rounds 7] [--count 7291] [--only TEXT ...] [--output FILE]

The table goes to stdout, progress to stderr, and everything measured to `results.json`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable

from bench.aims import of_race, verdicts  # noqa: E402
from bench.machine import RESULTS, heading, keep, load, spread  # noqa: E402
from bench.net import examples  # noqa: E402
from bench.race import run_race  # noqa: E402
from bench.report import as_text, summary  # noqa: E402
from bench.roster import roster  # noqa: E402


def main() -> None:
    """Run the race and write its report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=7291, help="presentations in a pass")
    only = "rivals whose name contains one of these texts"
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help=only)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    before = load()
    found, missing = roster()
    rivals = [
        rival for rival in found if any(text.lower() in rival.name.lower() for text in options.only)
    ]
    race = run_race(rivals, options.count, options.rounds)
    report = {
        **heading(),
        "examples": examples(1)[0],
        "count": options.count,
        "rounds": options.rounds,
        "load_before": before,
        "load_after": load(),
        "peaks": {str(lanes): spread(values) for lanes, values in race.peaks.items() if values},
        "rivals": summary(race),
        "absent": {**race.absent, **missing},
    }
    if race.streaming_us:
        report["streaming_us"] = spread(race.streaming_us)
    aims = of_race(report)
    report["aims"] = [aim.as_dict() for aim in aims]
    keep(options.output, "race", report)
    print(as_text(report))
    print(verdicts(aims))


if __name__ == "__main__":
    main()
