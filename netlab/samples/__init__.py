"""Every parser of the raw files that a run or a proof leaves: bytes → values of `netlab.model`, or a ResultsError."""
