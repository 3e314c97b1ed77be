"""W&B as a mirror: the same metrics as the record, and never a reason for a run to fail."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, WandbLogger

from resnet.analysis.measure import Measured
from resnet.errors import first_line
from resnet.runs.files import home
from resnet.runs.spec import RunSpec

PROJECT = "resnet-claims"
PATIENCE = 15.0  # seconds that W&B gets to send the rest of a run


class Mirror(Logger):
    """Passes everything on to Lightning's W&B logger until that raises; then falls silent.

    The run id is W&B's id, so that a resumed run goes on in the same W&B run. W&B's own files go
    to the `home` of the runs in `root`.
    """

    unreachable = False  # the server, to this process: a run that may do without does not ask again

    def __init__(
        self, spec: RunSpec, experiment: str, mode: str, root: Path, say: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._say = say
        self._logger: WandbLogger | None = None
        self._guard(lambda: self._open(spec, experiment, mode, home(root)))

    @property
    def name(self) -> str:
        """The W&B project."""
        return PROJECT

    @property
    def version(self) -> str | None:
        """The W&B run id while the mirror works."""
        return None if self._logger is None else self._logger.version

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the spec is the config, given at the start."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """The epoch's metrics at optimiser step `step`."""
        self._guard(lambda: self._logger and self._logger.log_metrics(metrics, step))

    def finish(self, summary: dict[str, Any]) -> None:
        """The run's result as W&B's summary; then close, so that the next seed opens its own."""

        def close(logger: WandbLogger) -> None:
            import wandb

            logger.experiment.summary.update(summary)
            wandb.finish()

        if (logger := self._logger) is not None:
            self._guard(lambda: _in_time(lambda: close(logger)))

    def _open(self, spec: RunSpec, experiment: str, mode: str, save_dir: Path) -> None:
        import wandb

        if wandb.run is not None:  # init would return that one, and log this run into it
            _in_time(wandb.finish)
        save_dir.mkdir(parents=True, exist_ok=True)
        run = self._started(
            mode,
            project=PROJECT,
            id=spec.id,
            name=spec.title,
            group=experiment,
            tags=[spec.net, spec.recipe.name, spec.dataset],
            config=spec.to_json(),
            dir=save_dir,
            resume="allow",
            settings=_lean(wandb),
        )
        self._logger = WandbLogger(experiment=run)

    def _started(self, mode: str, **about: Any) -> Any:
        """W&B's run; under 'auto' an offline one where the server cannot be reached."""
        import wandb

        if mode == "offline" or (mode == "auto" and Mirror.unreachable):
            return wandb.init(mode="offline", **about)
        try:
            return wandb.init(mode="online", **about)
        except Exception as error:
            if mode != "auto":
                raise
            Mirror.unreachable = True
            why = first_line(error)
            self._say(f"W&B cannot be reached ({why}); its journals stay here for `wandb sync`")
            _in_time(wandb.teardown)  # its own process holds the id of the run that did not start
            return wandb.init(mode="offline", **about)

    def _guard(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            self._logger = None
            why = first_line(error)
            self._say(f"W&B is off for this run ({why}); the record is complete without it")
            with suppress(Exception):
                import wandb

                _in_time(lambda: wandb.finish(exit_code=1))


def _in_time(action: Callable[[], Any]) -> None:
    """Do it within PATIENCE; TimeoutError where it goes on in a thread that nobody waits for.

    With its server gone W&B tries on for minutes, which neither the next run has nor a task that is
    about to be killed.
    """
    raised: list[Exception] = []

    def attempt() -> None:
        try:
            action()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if raised:
        raise raised[0]
    if thread.is_alive():
        raise TimeoutError(f"it has not ended in {PATIENCE:g} s")


def mirror_measures(
    spec: RunSpec,
    experiment: str,
    mode: str,
    root: Path,
    found: Iterable[Measured],
    say: Callable[[str], None],
) -> None:
    """Tell W&B what was found out about a trained run, in the run that it has of it."""
    mirror = Mirror(spec, experiment, mode, root, say)
    summary: dict[str, float] = {}
    lines: dict[int, dict[str, float]] = defaultdict(dict)
    for one in found:
        summary |= one.values
        for step, key, value in one.rows:
            lines[step][key] = value
    for step in sorted(lines):
        mirror.log_metrics(lines[step], step)
    mirror.finish(summary)


def _lean(wandb: Any) -> Any:
    return wandb.Settings(
        silent=True,
        console="off",
        init_timeout=20,
        x_disable_stats=True,
        x_disable_meta=True,
        x_save_requirements=False,
        x_disable_machine_info=True,
        disable_git=True,
        disable_code=True,
    )


def choose_mode(asked: str | None) -> str:
    """'online', 'offline', 'disabled' or 'auto': as asked, else offline without a key.

    'auto' is what a key alone gets: online where the server can be reached, else offline.
    """
    if asked:
        return asked
    if "WANDB_MODE" in os.environ:
        return {"online": "online", "disabled": "disabled"}.get(os.environ["WANDB_MODE"], "offline")
    return "auto" if os.environ.get("WANDB_API_KEY") else "offline"
