"""A real registry (the distribution's docker-registry) on 127.0.0.1, and images small enough for it."""

import gzip
import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

DOCKER = {
    "index": "application/vnd.docker.distribution.manifest.list.v2+json",
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}
OCI = {
    "index": "application/vnd.oci.image.index.v1+json",
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar+gzip",
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Registry:
    """One docker-registry and its folder."""

    def __init__(self, folder: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{free.getsockname()[1]}"
        self.storage = folder / "storage"
        config = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)}},
            "http": {"addr": self.host},
        }
        file = folder / "registry.yml"
        file.write_text(json.dumps(config))
        program = shutil.which("docker-registry") or "docker-registry"
        with (folder / "registry.log").open("wb") as log:
            self._child = subprocess.Popen([program, "serve", str(file)], stdout=log, stderr=log)
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"http://{self.host}/v2/", timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "the registry does not answer"
                assert self._child.poll() is None, "the registry has ended"
                time.sleep(0.02)
            else:
                return

    def close(self):
        self._child.kill()
        self._child.wait(5)

    def push(self, repository, tag, images, kinds=DOCKER):
        """Push ``images`` (architecture → files in it) under a tag; return the digest of their index."""
        # what builders add about an image is no image of any architecture
        entries = [{**self._push_image(repository, "unknown", {}, kinds), "platform": {"os": "unknown"}}]
        entries += [self._push_image(repository, arch, files, kinds) for arch, files in images.items()]
        index = {"schemaVersion": 2, "mediaType": kinds["index"], "manifests": entries}
        return self._put_manifest(repository, tag, index)["digest"]

    def _push_image(self, repository, arch, files, kinds):
        """Push one architecture's image; return its entry of the index."""
        layer, platform = archive(files), {"os": "linux", "architecture": arch}
        layers = {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}"]}
        config = json.dumps({**platform, "config": {}, "rootfs": layers}).encode()
        parts = [
            {"mediaType": kinds[kind], "size": len(data), "digest": self._put_blob(repository, data)}
            for kind, data in (("config", config), ("layer", gzip.compress(layer, mtime=0)))
        ]
        manifest = {"schemaVersion": 2, "mediaType": kinds["manifest"], "config": parts[0], "layers": parts[1:]}
        return {**self._put_manifest(repository, None, manifest), "platform": platform}

    def _put_manifest(self, repository, tag, manifest):
        data = json.dumps(manifest).encode()
        digest = f"sha256:{sha256(data)}"
        self._send("PUT", f"/v2/{repository}/manifests/{tag or digest}", data, manifest["mediaType"])
        return {"mediaType": manifest["mediaType"], "size": len(data), "digest": digest}

    def _put_blob(self, repository, data):
        digest = f"sha256:{sha256(data)}"
        place = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"")
        self._send("PUT", f"{place}&digest={digest}", data)
        return digest

    def _send(self, method, path, data, kind="application/octet-stream"):
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.headers.get("Location")

    def blob(self, digest):
        """The file in which the registry keeps a blob."""
        value = digest.removeprefix("sha256:")
        return self.storage / "docker/registry/v2/blobs/sha256" / value[:2] / value / "data"


def archive(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
