"""What the operator keeps about units in service: the register, approved baselines, windows, checklists."""
