"""Our own loop, without Lightning and without a record: the module's steps and its scores."""

from __future__ import annotations

import torch

from resnet.data import Dataset, Pipeline, Stream
from resnet.nets import build, initialise
from resnet.recipes import Recipe
from resnet.runs.spec import RunSpec
from resnet.training.hasten import hasten, layout, steps_a_chunk
from resnet.training.module import Chunks, Classifier
from resnet.training.speed import Speed
from resnet.training.step import set_precision

TEST_BATCH = 2_000


class Ours:
    """Trains the run of `spec` step by step, as `train` would."""

    def __init__(self, spec: RunSpec, dataset: Dataset, device: str, speed: Speed) -> None:
        recipe, form = spec.recipe, layout(speed)
        set_precision(recipe.precision)
        subset = dataset.take(recipe.train_images, 0, recipe.test_images)
        pipeline = Pipeline(subset.train, recipe.normalisation, recipe.pad, device, form)
        net = build(spec.net, len(dataset.classes))
        initialise(net, spec.seed, recipe.init)
        net = net.to(device).to(memory_format=form)
        stream = Stream(spec.seed, recipe.train_images, recipe.batch_size, recipe.pad)
        self.module = Classifier(spec, net, pipeline, stream)
        batches = list(pipeline.test(subset.test, TEST_BATCH))
        self.loader = hasten(self.module, [batches], speed, device)[0]
        self._chunks = Chunks(self.module, steps_a_chunk(net, device))
        self._precision = recipe.precision
        self.module.train()

    def advance(self, steps: int) -> None:
        """Train so many steps (to the end of the chunk that reaches them) and wait for them."""
        set_precision(self._precision)
        end = self.module.position.step + steps
        while self.module.position.step < end:
            for chunk in self._chunks:
                self.module.training_step(range(chunk.start, min(chunk.stop, end)), 0)
                if self.module.position.step >= end:
                    break
        self.module.settle()

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Close the epoch with a test of the whole split."""
        set_precision(self._precision)
        self.module.eval()
        for batch in self.loader:
            self.module.validation_step(batch, 0)
        self.module.train()
        return self.module.close_epoch()


def spec_of(net: str, dataset: Dataset, recipe: Recipe) -> RunSpec:
    """A run of seed 0."""
    return RunSpec(net, dataset.name, dataset.copy, dataset.digest, recipe, seed=0)
