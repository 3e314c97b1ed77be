"""What may make steps fast, and be switched off. Light: command lines and job records name it.

None of this changes a number beyond rounding, so none of it is part of a run's identity.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """What makes steps fast.

    Attributes:
        graph: capture step and evaluation as CUDA graphs, where there is a CUDA device.
        compile: compile the blocks, each kind once (see `resnet.training.regional`).
        channels_last: keep a pixel's channels together.
        kernels: train CIFAR's nets in bfloat16 by kernels of our own (see `resnet.kernels`), where
            steps are captured.
    """

    graph: bool = True
    compile: bool = False
    channels_last: bool = True
    kernels: bool = True


FAST, PLAIN = Speed(), Speed(graph=False)
