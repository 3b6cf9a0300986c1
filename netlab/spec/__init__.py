"""``netlab.yml`` → ``LabSpec``. No file: the defaults."""
