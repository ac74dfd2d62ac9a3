"""Which processes are alive: each renews a lease, and the runs, cards and deliveries of the dead are taken over."""
