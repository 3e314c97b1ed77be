"""What figures work out beside what they draw."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from reports.figures import within
from reports.variants import dots


@pytest.mark.parametrize(
    ("interval", "cut"), [((0.085, 0.135), False), ((-0.2, 4.0), True), ((97.0, 101.0), True)]
)
def test_an_axis_of_errors_ends_at_nothing_and_at_all(
    interval: tuple[float, float], cut: bool
) -> None:
    axis = Figure().subplots()
    axis.plot([9.0, 9.0], [1, 2], "o")
    axis.plot(interval, [1, 1])
    assert within(axis, "x") is cut
    low, high = axis.get_xlim()
    assert low >= 0
    assert high <= 100


def test_dots_of_equal_seeds_do_not_hide_each_other() -> None:
    axis = Figure().subplots()
    assert dots(axis, np.array([40.0, 41.4, 41.4]), 2, {"color": "black"})
    places = axis.lines[0].get_ydata()
    assert len(set(places)) == 3
    assert np.mean(places) == 2
    assert not dots(axis, np.array([]), 1, {"color": "black"})  # an arm that was not trained
