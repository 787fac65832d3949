"""The benchmarks: ``make bench``. Each measures us beside a peer on the same machine in the same run."""
