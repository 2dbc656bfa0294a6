"""What the doctor has seen: plain values, one module for each group. The checks know nothing else."""
