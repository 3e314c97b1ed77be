"""Does that claim hold? The claims of the ResNet papers, trained for and answered."""

import os

# Threads that spin at every barrier wait for a core that somebody else has: beside one busy
# process, 20 steps of plain-8 took 24 s with spinning and 0.8 s without (two cores, torch 2.15).
# Read when torch loads its OpenMP, so it has to be said before that.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
