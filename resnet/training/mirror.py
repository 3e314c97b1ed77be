"""W&B as a mirror: the same metrics as the record, and never a reason for a run to fail."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, WandbLogger

from resnet.analysis.measure import Measured
from resnet.errors import first_line
from resnet.runs.spec import RunSpec

PROJECT = "resnet-claims"


class Mirror(Logger):
    """Passes everything on to Lightning's W&B logger until that raises; then falls silent.

    The run id is W&B's id, so that a resumed run goes on in the same W&B run.
    """

    def __init__(
        self, spec: RunSpec, experiment: str, mode: str, save_dir: Path, say: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._say = say
        self._logger: WandbLogger | None = None
        self._guard(lambda: self._open(spec, experiment, mode, save_dir))

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
            self._guard(lambda: close(logger))

    def _open(self, spec: RunSpec, experiment: str, mode: str, save_dir: Path) -> None:
        import wandb

        save_dir.mkdir(parents=True, exist_ok=True)
        run = wandb.init(
            project=PROJECT,
            id=spec.id,
            name=spec.title,
            group=experiment,
            tags=[spec.net, spec.recipe.name, spec.dataset],
            config=spec.to_json(),
            dir=save_dir,
            mode="offline" if mode == "offline" else "online",
            resume="allow",
            settings=_lean(wandb),
        )
        self._logger = WandbLogger(experiment=run)

    def _guard(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            self._logger = None
            why = first_line(error)
            self._say(f"W&B is off for this run ({why}); the record is complete without it")
            with suppress(Exception):
                import wandb

                wandb.finish(exit_code=1)


def mirror_measures(
    spec: RunSpec,
    experiment: str,
    mode: str,
    root: Path,
    found: Iterable[Measured],
    say: Callable[[str], None],
) -> None:
    """Tell W&B what was found out about a trained run, in the run that it has of it."""
    mirror = Mirror(spec, experiment, mode, root.parent, say)
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
    """'online', 'offline' or 'disabled': as asked, else online only with a key."""
    if asked:
        return asked
    if "WANDB_MODE" in os.environ:
        return {"online": "online", "disabled": "disabled"}.get(os.environ["WANDB_MODE"], "offline")
    return "online" if os.environ.get("WANDB_API_KEY") else "offline"
