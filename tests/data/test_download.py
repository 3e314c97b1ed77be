"""The download against a server of our own: cut, resumed, altered, refused, and by two at once."""

import http.server
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from small_sets import as_archive, md5
from torchvision.datasets import CIFAR10

from resnet.data import DataUnavailable, load
from resnet.data.progress import Lines


@dataclass
class Server:
    """Serves one file with ranges; `cuts` says how many bytes each of the next answers brings."""

    content: bytes
    url: str = ""
    ranges: bool = True
    status: int = 200
    delay: float = 0.0
    cuts: list[int] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.asked.append(wanted)
        time.sleep(self.delay)
        if self.status != 200:
            handler.send_error(self.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start and start >= len(self.content):
            handler.send_error(416)
            return
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(self.content) - start))
        handler.end_headers()
        stop = start + self.cuts.pop(0) if self.cuts else len(self.content)
        handler.wfile.write(self.content[start:stop])


@pytest.fixture
def server(
    small_batches: tuple[dict[str, bytes], dict[str, np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """The tiny archive on the loopback interface, in the place of the real one."""
    served = Server(as_archive(small_batches[0]))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    # Not HTTPServer: that one looks its own name up, which can take seconds.
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        served.url = f"http://127.0.0.1:{httpd.server_address[1]}/cifar.tar.gz"
        monkeypatch.setattr(CIFAR10, "url", served.url)
        monkeypatch.setattr(CIFAR10, "tgz_md5", md5(served.content))
        monkeypatch.setattr("resnet.data.download.PAUSE_S", 0.01)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield served
        httpd.shutdown()


def fetch(root: Path | None) -> tuple[np.ndarray, list[str]]:
    """The training images, and what was said."""
    said: list[str] = []
    dataset = load("cifar10", root, say=said.append)
    assert dataset.copy == "original"
    return dataset.train.images.numpy(), said


def left(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {"cifar-10-python.tar.gz.lock"}


def test_downloads_unpacks_and_is_done(tmp_path, server, small_batches, own_cache):
    root = tmp_path / "data"
    root.mkdir()
    images, said = fetch(root)
    assert np.array_equal(images, small_batches[1]["train_images"])
    assert "--dataset synthetic" in said[0]
    assert left(root) == {"cifar-10-batches-py"}
    assert fetch(root)[1] == []
    assert len(server.asked) == 1


def test_without_a_folder_the_cache_takes_it(server, own_cache):
    fetch(None)
    assert (own_cache / "resnet-claims" / "data" / "cifar-10-batches-py").is_dir()


def test_goes_on_where_a_cut_left_it(tmp_path, server):
    server.cuts = [1000, 500, 0]
    fetch(tmp_path)
    assert server.asked == [None, "bytes=1000-", "bytes=1500-", "bytes=1500-"]


def test_goes_on_where_an_earlier_process_left_it(tmp_path, server):
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(server.content[:1234])
    fetch(tmp_path)
    assert server.asked == ["bytes=1234-"]


def test_whole_part_is_taken_as_it_is(tmp_path, server):
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(server.content)
    fetch(tmp_path)
    assert server.asked == [f"bytes={len(server.content)}-"]


def test_server_without_ranges_sends_it_all_again(tmp_path, server):
    server.ranges = False
    server.cuts = [1000]
    fetch(tmp_path)
    assert server.asked == [None, "bytes=1000-"]


def test_archive_laid_there_needs_no_network(tmp_path, server):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(server.content)
    fetch(tmp_path)
    assert server.asked == []


def test_gives_up_and_keeps_what_came(tmp_path, server):
    server.cuts = [1000, 0, 0, 0]
    with pytest.raises(DataUnavailable, match="cut; run again to go on") as caught:
        fetch(tmp_path)
    assert "--data-dir" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left(tmp_path) == {"cifar-10-python.tar.gz.part"}
    fetch(tmp_path)
    assert server.asked[-1] == "bytes=1000-"


def test_wrong_checksum_is_removed(tmp_path, server):
    server.content = server.content[:-1] + b"?"
    with pytest.raises(DataUnavailable, match="its md5 differs"):
        fetch(tmp_path)
    assert left(tmp_path) == set()


def test_spoilt_part_is_removed_so_that_the_next_try_can_work(tmp_path, server):
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(b"x" * 1000)
    with pytest.raises(DataUnavailable, match="its md5 differs"):
        fetch(tmp_path)
    fetch(tmp_path)
    assert server.asked == ["bytes=1000-", None]


@pytest.mark.parametrize(("status", "times"), [(404, 1), (503, 3)])
def test_refusal_is_told(tmp_path, server, status, times):
    server.status = status
    with pytest.raises(DataUnavailable, match="could not be downloaded from http") as caught:
        fetch(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(server.asked) == times
    assert left(tmp_path) == set()


def test_no_server_at_all(tmp_path, server, monkeypatch):
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/none.tar.gz")
    with pytest.raises(DataUnavailable, match="refused"):
        fetch(tmp_path)


def test_archive_without_a_file(tmp_path, server, small_batches, monkeypatch):
    files = {name: body for name, body in small_batches[0].items() if name != "test_batch"}
    server.content = as_archive(files)
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(server.content))
    with pytest.raises(DataUnavailable, match="the archive lacks a file"):
        fetch(tmp_path)
    assert "cifar-10-batches-py" not in left(tmp_path)


# Lists of its own in place of torchvision's: importing torch twice would take most of the time.
CHILD = """
import sys, types
url, archive_md5, root = sys.argv[1:4]
sys.path[:0] = sys.argv[4:]
from pathlib import Path
from small_sets import batch_files, md5

sums = [[name, md5(content)] for name, content in batch_files()[0].items()]
lists = types.ModuleType("torchvision.datasets")
lists.CIFAR10 = types.SimpleNamespace(
    url=url, tgz_md5=archive_md5, filename="cifar-10-python.tar.gz",
    base_folder="cifar-10-batches-py", train_list=sums[:2], test_list=sums[2:3],
    meta={"filename": "batches.meta", "md5": sums[3][1]},
)
sys.modules["torchvision"] = types.ModuleType("torchvision")
sys.modules["torchvision.datasets"] = lists
from resnet.data import batches, download

print("ready", flush=True)
sys.stdin.readline()
download.ensure(Path(root), print)
print("sum", batches.read(Path(root))["train_images"].sum())
"""


def test_two_processes_at_once_download_once(tmp_path, server, small_batches):
    server.delay = 1.0
    root = tmp_path / "data"
    here = Path(__file__).parent
    words = [server.url, md5(server.content), str(root), str(here), str(here.parents[1])]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for child in both:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in both:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60)[0] for child in both]
    assert [child.returncode for child in both] == [0, 0]
    total = int(small_batches[1]["train_images"].sum())
    assert [text.split("sum ")[1] for text in said] == [f"{total}\n"] * 2
    assert len(server.asked) == 1
    assert sum("another process is fetching" in text for text in said) == 1
    assert left(root) == {"cifar-10-batches-py"}


def test_lines_tell_rate_and_time_left():
    said: list[str] = []
    now = iter([0.0, 10.0, 31.0, 40.0, 62.0])
    lines = Lines("CIFAR-10", said.append, clock=lambda: next(now))
    for done in (50, 60, 112, 130, 174):
        lines(done * 10**6, 200 * 10**6)
    assert said == [
        "CIFAR-10: 112.0 of 200.0 MB (56 %), 2.00 MB/s, 0:44 left",
        "CIFAR-10: 174.0 of 200.0 MB (87 %), 2.00 MB/s, 0:13 left",
    ]


def test_lines_without_a_length():
    said: list[str] = []
    now = iter([0.0, 1.0])
    lines = Lines("CIFAR-10", said.append, every_s=1.0, clock=lambda: next(now))
    lines(0, 0)
    lines(5_000_000, 0)
    assert said == ["CIFAR-10: 5.0 MB, 5.00 MB/s"]
