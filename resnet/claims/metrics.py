"""The numbers that claims are decided on: columns of the table of runs, with unit and meaning.

Test errors are on all images of the split, after the last step, without augmentation; training
errors those of the last epoch's batches, augmented as they are, while the weights still move. The
columns from `response_std` on are filled by the analyses of a trained net.
"""

METRICS = {
    "train_error": (
        "points",
        "error on the last epoch's training batches, in percent; on ImageNet top-1",
    ),
    "test_error": ("points", "error on the test set, in percent; on ImageNet top-1"),
    "test_error_top5": ("points", "test error in percent, right if among the first five"),
    "test_error_10_crops": ("points", "test error, mean prediction over ten crops, in percent"),
    "test_error_top5_10_crops": ("points", "the same, right if among the first five"),
    "test_error_scales": ("points", "test error, fully convolutional at five scales, in percent"),
    "test_error_top5_scales": ("points", "the same, right if among the first five"),
    "gradient_ratio": (
        "decades",
        "log10 of the gradient norm at the first block over that at the last, at initialisation",
    ),
    "gradient_ratio_lowest": (
        "decades",
        "log10 of the gradient norm at the first block over that at the last, the lowest of "
        "initialisation and all steps that weights were kept at",
    ),
    "seconds": ("s", "time of training"),
    "start_gap": (
        "points",
        "error on the training images as they are, in evaluation mode before the first step, less "
        "that of the trained net that the run starts from",
    ),
    "response_std": (
        "",
        "standard deviation of the responses of the 3×3 layers after BN, mean over layers",
    ),
    "surface_negative_curvature": (
        "%",
        "share of negative curvature in the loss surface around the trained net: negative over all "
        "principal curvatures by magnitude, mean over the inner points of its grid",
    ),
    "lesion_median_rise": (
        "points",
        "rise of the test error when one layer or block that keeps the shape is deleted, median "
        "over them",
    ),
    "lesion_downsampling_excess": (
        "points",
        "rise of the test error when a downsampling block (one that changes the shape) is "
        "deleted, mean over them, less lesion_median_rise",
    ),
    "lesion_chance_share": (
        "%",
        "lesion_median_rise as a share of the way from the whole net's test error to chance",
    ),
    "lesion_ten_error": (
        "points",
        "test error with 10 of 54 random blocks deleted (of n in proportion), mean over draws",
    ),
    "lesion_correlation": ("", "Spearman's correlation of test error and number of blocks deleted"),
    "shuffle_correlation": (
        "",
        "Spearman's correlation of test error and Kendall's τ of the order",
    ),
    "short_path_share": (
        "%",
        "share of the gradient at the input that comes from paths of 5 to 17 of the 54 modules "
        "(of n in proportion): their number times their mean norm",
    ),
    "path_length": (
        "%",
        "mean length of the paths, weighted by the gradient that comes along them, in percent of "
        "the blocks",
    ),
    "path_decay": (
        "decades",
        "slope of log10 of the gradient's norm along a path by its length, a block",
    ),
}


def unit(metric: str) -> str:
    """The unit of a metric; 'points' are percentage points of error, '' a pure number."""
    return METRICS[metric][0]
