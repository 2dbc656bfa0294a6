"""Looking: the only part of the doctor that asks the machine. Nothing here writes."""
