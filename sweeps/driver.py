"""The driver: waits for runs on the cluster and sends again what nobody else brings back."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from resnet.errors import UserError
from resnet.runs.spec import RunSpec
from sweeps import code, sending, slurm
from sweeps import manifest as manifests
from sweeps.manifest import Manifest
from sweeps.states import ALIVE, LOST, OVER, WORDS, RunState, Survey
from sweeps.submit import Order

TRIES = 3  # how often a run is sent again without having got on
REFUSED = 40  # how often in a row SLURM may refuse them: at SLOWEST ten minutes
QUICKEST, SLOWEST = 2.0, 15.0  # seconds between two looks at the queue
MOST_SILENT = 600.0  # seconds that SLURM may stay silent


@dataclass
class Driver:
    """Waits until no run is under way any more."""

    order: Order
    specs: tuple[RunSpec, ...]
    show: Callable[[list[RunState]], None]
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    _tries: dict[str, int] = field(default_factory=dict)
    _step: dict[str, int] = field(default_factory=dict)
    _suspects: set[str] = field(default_factory=set)
    _refusals: int = 0  # in a row

    def wait(self) -> list[RunState]:
        """Wait for all runs; returns their states at the end."""
        pause = QUICKEST
        while True:
            states = self._look()
            self.show(states)
            again = self._to_send(states)
            if again:
                self._send(again)
            elif not any(state.state in ALIVE for state in states) and not self._suspects:
                return states
            self.sleep(pause)
            pause = min(pause * 1.2, SLOWEST)

    def _look(self) -> list[RunState]:
        """The states now; SLURM may be silent for a while, as when its controller restarts."""
        start = time.monotonic()
        while True:
            survey = Survey(self.order.root, manifests.load(self.order.root), self.order.measures)
            try:
                return survey.states(self._runs)
            except slurm.NoAnswer as error:
                if time.monotonic() - start > MOST_SILENT:
                    raise
                self.say(f"{error}; asking again")
                self.sleep(SLOWEST)

    @property
    def _runs(self) -> Mapping[str, Mapping[str, Any]]:
        return {spec.id: spec.to_json() for spec in self.specs}

    def _to_send(self, states: list[RunState]) -> list[RunState]:
        """Runs that were lost at two looks in a row: SLURM itself brings some of them back."""
        lost = {s.id: s for s in states if s.state in LOST and self._has_start(s, states)}
        again = [state for run, state in lost.items() if run in self._suspects]
        self._suspects = {run for run in lost if self._may_try(lost[run])}
        return [state for state in again if self._may_try(state)]

    def _has_start(self, state: RunState, states: list[RunState]) -> bool:
        """Whether what an orphaned run starts from is trained, or still may be."""
        if state.state != "orphaned":
            return True
        starts = {spec.id: spec.start.run for spec in self.specs if spec.start}
        there = {s.id for s in states if s.state in ("done", *ALIVE, *LOST)}
        return starts[state.id] in there

    def _may_try(self, state: RunState) -> bool:
        if state.step > self._step.get(state.id, 0):
            self._step[state.id] = state.step
            self._tries[state.id] = 0
        return self._tries.get(state.id, 0) < TRIES

    def _send(self, states: list[RunState]) -> None:
        """Send them again; those that SLURM refuses now stay suspects for the next look."""
        self.order = self._away_from({s.node for s in states if s.state == "unfit" and s.node})
        last = self._last()
        for manifest in manifests.load(self.order.root):
            if mine := [state for state in states if state.id in last[manifest.name]]:
                self._send_as_before(mine, manifest)

    def _send_as_before(self, states: list[RunState], manifest: Manifest) -> None:
        """Send with the code that was sent at first, or not at all."""
        runs = {state.id for state in states}
        copy = Path(manifest.snapshot) if manifest.snapshot else None
        if copy is None and code.digests() != manifest.code["files"]:
            self._leave(runs, "the code changed since these were sent")
            return
        specs = [spec for spec in self.specs if spec.id in runs]
        try:
            sending.submit(specs, replace(self.order, code=copy))
        except UserError as error:
            self._bear(error, runs)
            return
        self._refusals, self._suspects = 0, self._suspects - runs
        for state in states:
            self._tries[state.id] = self._tries.get(state.id, 0) + 1
            self.say(f"{state.title}: {state.cause}; sent again")

    def _bear(self, error: UserError, runs: set[str]) -> None:
        """Let a refusal pass, as of a queue that is full for now; but not for ever."""
        self._refusals += 1
        self.say(f"not sent: {error}")
        if self._refusals >= REFUSED:
            self._leave(runs, f"refused {REFUSED} times in a row")

    def _leave(self, runs: set[str], why: str) -> None:
        """Send these no more."""
        self.say(f"{why}: resume sends them as things are then")
        self._tries |= dict.fromkeys(runs, TRIES)

    def _last(self) -> Mapping[str, set[str]]:
        """The runs of each sweep that no later one has, by the sweep's name."""
        owner = {
            run: manifest.name
            for manifest in manifests.load(self.order.root)
            for run in manifest.order
        }
        last: dict[str, set[str]] = defaultdict(set)
        for run, name in owner.items():
            last[name].add(run)
        return last

    def _away_from(self, nodes: set[str]) -> Order:
        """The order, but for nodes that had other data or code."""
        before = self.order.cluster.exclude  # a host list: its commas may lie in brackets
        added = sorted(nodes - set(before.split(",")))
        exclude = ",".join(filter(None, (before, *added)))
        return replace(self.order, cluster=replace(self.order.cluster, exclude=exclude))


def trouble(states: list[RunState]) -> list[str]:
    """A line for each run that did not come to its end."""
    return [
        f"run {state.id} ({state.title}): {WORDS[state.state]}: {state.cause}".rstrip(": ")
        for state in states
        if state.state not in OVER
    ]
