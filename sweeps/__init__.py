"""Many runs at once: processes on this machine, or arrays on a SLURM cluster."""
