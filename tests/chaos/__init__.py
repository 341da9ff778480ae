"""`make chaos`: the promise under real faults; nothing lost, nothing twice."""
