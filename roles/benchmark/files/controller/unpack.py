"""Unpacks what netlab-drive handed over: unpack.py FOLDER, a tar archive (gzip, in base64) on the standard input."""

import base64
import io
import sys
import tarfile

with tarfile.open(fileobj=io.BytesIO(base64.b64decode(sys.stdin.read()))) as archive:
    archive.extractall(sys.argv[1], filter="data")
