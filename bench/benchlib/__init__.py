"""What bench/run and bench/switch share: processes, peers, the load generator, statistics."""
