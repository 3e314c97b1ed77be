"""From an experiment and the user's options to the runs that are still to be done."""
