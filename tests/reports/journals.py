"""Real offline W&B journals, as a run's mirror writes them; run as a program of its own.

python journals.py DIR JSON    # JSON: [[spec, lines, summary], …]
"""

import json
import sys
import time

import wandb


def main(folder: str, runs: str) -> None:
    begun: set[str] = set()
    for spec, lines, summary in json.loads(runs):
        if spec["id"] in begun:
            time.sleep(1)  # W&B names a journal by the run and the second
        begun.add(spec["id"])
        run = wandb.init(
            project="resnet-claims", id=spec["id"], group="degradation", dir=folder, mode="offline",
            config=spec["config"], resume="allow",
            settings=wandb.Settings(silent=True, console="off", x_disable_stats=True,
                                    x_disable_meta=True, disable_git=True, disable_code=True),
        )  # fmt: skip
        for line in lines:
            step = line.pop("step")
            run.log({**line, "trainer/global_step": step})
        run.summary.update(summary)
        run.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
