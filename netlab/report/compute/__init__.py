"""Every number of a report, computed once: runs → ``netlab.report.values``."""
