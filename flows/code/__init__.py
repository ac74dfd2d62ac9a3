"""How code is found and named: modules of flow files, references to types, and hashes that are stable."""
