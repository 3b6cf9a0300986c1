"""Images, snapshots and payloads as they are in a cache, small and without QEMU."""

import os
import time
from pathlib import Path

from netlab.hosts.qemu import image, snapshot
from netlab.storage import manifest


def make_image(cache: Path, recipe=image.DATAPATH, *, key=None, content=b"1") -> image.Image:
    folder = cache / "images" / (key or recipe.key)
    folder.mkdir(parents=True)
    for name in image.FILES:
        (folder / name).write_bytes(name.encode() + content)
    files = {name: manifest.record(folder / name) for name in image.FILES}
    record = image.Record(key=folder.name, kernel_version="6.12", files=files)
    (folder / "image.json").write_text(record.model_dump_json())
    return image.read(folder)


def make_snapshot(cache: Path, laid_on: image.Image, tag="base", *, fleet="f1", parent=None, payload=None) -> Path:
    """A snapshot of one machine; ``parent`` is the tag of another, ``payload`` a name and a digest."""
    folder = cache / "fleets" / fleet / tag
    (folder / "fleet").mkdir(parents=True)
    for name in ("root.qcow2", "data.qcow2", "state"):
        (folder / "fleet" / name).write_bytes(f"{tag} {name}".encode())
    below = snapshot.read(folder.parent / parent) if parent else None
    name, digest = payload or (None, "")
    record = snapshot.Record(
        base=snapshot.Base(image=laid_on.key, image_digest=laid_on.digest, payload=name, payload_digest=digest),
        parent=parent,
        parent_digest=below.digest if below else "",
        files=manifest.record_folder(folder),
    )
    (folder / snapshot.RECORD).write_text(record.model_dump_json())
    return folder


def make_old(path: Path, days: float) -> None:
    """Have an entry be used that long ago."""
    then = time.time() - days * 86400
    os.utime(path, (then, then))
