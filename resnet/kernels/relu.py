"""ReLU inside a kernel, as PyTorch has it: NaN comes through, forward and backward.

A net that has diverged must be seen to have: NaN that became zero would leave it a finite loss.
"""

import triton
import triton.language as tl


@triton.jit
def relu(z):
    """The larger of `z` and zero, or NaN."""
    return tl.maximum(z, 0.0, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def back(grad, out):
    """The gradient `grad` of relu(z) = `out` as that of z: zero where `out` is."""
    return tl.where(out.to(tl.float32) <= 0, 0.0, grad)
