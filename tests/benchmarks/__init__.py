"""The benchmarks, at a tiny size: they run, their sides agree, and what they write is fresh."""
