"""The benchmarks: how many cases a second go the whole way, how fast a request is acknowledged, what it costs."""
