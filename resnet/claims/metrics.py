"""The numbers that claims are decided on: columns of the table of runs, with unit and meaning.

Errors are on all images of the split, at the last epoch, without augmentation. The columns from
`response_std` on are filled by the analyses of a trained net.
"""

METRICS = {
    "train_error": ("points", "error on the training set, in percent; on ImageNet top-1"),
    "test_error": ("points", "error on the test set, in percent; on ImageNet top-1"),
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
        "rise of the test error when one layer or block that does not downsample is deleted, "
        "median over them",
    ),
    "lesion_downsampling_excess": (
        "points",
        "rise of the test error when a downsampling block is deleted, mean over them, less "
        "lesion_median_rise",
    ),
    "lesion_ten_error": ("points", "test error with ten random blocks deleted, mean over draws"),
    "lesion_correlation": ("", "Spearman's correlation of test error and number of blocks deleted"),
    "shuffle_correlation": (
        "",
        "Spearman's correlation of test error and Kendall's τ of the order",
    ),
    "short_path_share": (
        "%",
        "share of the gradient at the input that comes from paths of 5 to 17 of the 54 modules",
    ),
    "path_sampling_excess": (
        "points",
        "test error when trained with 23 of the 54 modules a batch, less that of the full net",
    ),
}


def unit(metric: str) -> str:
    """The unit of a metric; 'points' are percentage points of error, '' a pure number."""
    return METRICS[metric][0]
