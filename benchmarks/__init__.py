"""Benchmarks: ratios in one run against peers, never timed tests. See docs/benchmarks.md."""
