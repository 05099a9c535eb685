"""Observers: who is told how a run goes, while it goes.

The session and the training loop call these methods; the command line draws a bar from them, a
test counts them, and whoever wants less overrides less. An observer must not change the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sn.errors import Notice
from sn.results.checkpoints import Position
from sn.results.folder import RunHeader
from sn.results.origin import Origin
from sn.results.record import PassRecord, RunRecord

if TYPE_CHECKING:  # engines, which who is only told can do without
    from sn.train.look import Look


class Observer:
    """Somebody who watches a run; every method may be left as it is.

    The order of calls: weights_taken if it starts from a trained net, data_chosen,
    compile_started, compile_finished, described, started, resumed where a run goes on, then for
    each pass some of advanced, one of pass_scored and one of pass_finished, at the end finished or
    interrupted; warned and noted come after data_chosen and before finished.
    """

    def data_chosen(self, name: str, note: str) -> None:
        """Hear which data set is used; `note` says how to get better ones, or is empty."""

    def warned(self, notice: Notice) -> None:
        """Hear of something that is not wrong and seldom meant: before the passes or after them."""

    def noted(self, text: str) -> None:
        """Hear what is worth knowing before the passes, and no warning."""

    def weights_taken(
        self, net: str, taken: Sequence[str], left: Sequence[tuple[str, str]]
    ) -> None:
        """Hear which weights of a trained net the run starts from, and which not, with why."""

    def compile_started(self, net: str) -> None:
        """Hear that the kernels of `net` are being compiled, or fetched from the cache."""

    def compile_finished(self, seconds: float, cached: bool) -> None:
        """Hear that the kernels are ready; `cached` when nothing had to be compiled."""

    def described(self, header: RunHeader, origin: Origin) -> None:
        """Hear what is to be trained on what, how and how long, and where it comes from."""

    def started(self, presentations: int, passes: int) -> None:
        """Hear that training starts: `presentations` in all, over all passes together."""

    def resumed(self, position: Position) -> None:
        """Hear that the run goes on from here; what was presented before is told by `advanced`."""

    def advanced(self, presentations: int) -> None:
        """Hear that so many more patterns were presented since the last call."""

    def pass_scored(self, look: Look) -> None:
        """Hear that a pass has its scores, which come next; what is asked of `look` is worked out.

        The run waits meanwhile, so who asks for much should not ask after every pass.
        """

    def pass_finished(self, record: PassRecord) -> None:
        """Hear the scores after one pass."""

    def finished(self, record: RunRecord) -> None:
        """Hear that the run came to its end."""

    def interrupted(self) -> None:
        """Hear that the user stopped the run; its state is kept where it has a folder."""
