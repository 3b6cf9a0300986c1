"""Unpacks what netlab-drive handed over: unpack.py FOLDER, a tar archive (gzip, in base64) on the standard input.

A file has its name once it is complete: whoever is killed meanwhile leaves none that is cut off.
"""

import base64
import io
import sys
import tarfile
import tempfile
from pathlib import Path

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
with (
    tarfile.open(fileobj=io.BytesIO(base64.b64decode(sys.stdin.read()))) as archive,
    tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as new,
):
    archive.extractall(new, filter="data")
    for file in Path(new).iterdir():
        file.replace(folder / file.name)
