"""How editors come in: log-in, second factor, lock-out, users, and the check at the door."""
