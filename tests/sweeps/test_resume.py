"""What `resume` sends again: as it was sent before, and nothing that cannot be right."""

from __future__ import annotations

import pytest

from sweeps import manifest as manifests
from sweeps.__main__ import main
from tests.sweeps.conftest import Bench, make_spec

SPEC = make_spec()


def test_a_dry_run_prints_the_plan_and_sends_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.sent(SPEC)
    bench.scheduler.end("1", "CANCELLED by 0")
    assert main(["resume", "degradation", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "1 to send" in said
    assert "sent  " not in said
    assert bench.scheduler.jobs == []
    assert len(manifests.load(bench.root)) == 1
