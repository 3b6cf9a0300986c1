"""Where hosts come from. A provider makes hosts that answer to SSH; it knows nothing of profiles or benchmarks.

To add one: a folder here with a class that satisfies ``Provider``, an entry in ``registry.PROVIDERS``, and its name in
``netlab.spec.lab.Provider``.
"""
