"""What runs flows: one folder for each engine, and beside them what connects any engine but the embedded one."""
