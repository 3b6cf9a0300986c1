"""What a build leaves behind: a mirror folder, a lock with its digests, and a stamp that says what it was made of.

OUT/mirror/<url host>/<url path>   what the artifact mechanism finds without a network
OUT/lock.yml                       name, URL, SHA-256 and size of each file
OUT/stamp.json                     the recipe's key, the versions that went in, the digests once more
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from netlab.errors import NetlabError

SITE = "https://netlab.invalid/kubernetes-source"
"""No such host can exist (RFC 2606): anyone who asks for one of these files must have it in a mirror folder."""

STAMP = "stamp.json"
PARTS = Path(__file__).parent
PROGRAM = PARTS.parent / "kubernetes_source.py"


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of the mirror. ``kind`` is ``files`` or ``images``, as in the lock; ``size`` is in bytes."""

    component: str
    kind: str
    name: str
    arch: str
    url: str
    sha256: str = ""
    size: int = 0


def url(version: str, arch: str, name: str) -> str:
    """Address of a file, which is also its place in the mirror."""
    return f"{SITE}/{version}/{arch}/{name}"


def place(out: Path, address: str) -> Path:
    """Where the mirror has the file of an address."""
    parts = urlsplit(address)
    return out / "mirror" / parts.netloc / parts.path.lstrip("/")


def make_place(out: Path, file: File) -> Path:
    """Return where the file belongs, in a folder that exists."""
    path = place(out, file.url)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def measured(out: Path, file: File) -> File:
    """Add digest and size of a file that is in its place."""
    path = place(out, file.url)
    return replace(file, sha256=sha256(path), size=path.stat().st_size)


def sha256(path: Path) -> str:
    """Digest of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(out: Path, version: str, files: list[File], made_of: dict[str, str]) -> None:
    """Write the lock and, last, the stamp. ``made_of`` says which version of what went in."""
    (out / "lock.yml").write_text(lock(version, files))
    stamp = {"key": key(made_of), "made_of": made_of, "files": [asdict(file) for file in files]}
    (out / STAMP).write_text(json.dumps(stamp, indent=2) + "\n")


def lock(version: str, files: list[File]) -> str:
    """Return the text of ``lock.yml``: YAML whose values are written as JSON, which YAML contains."""
    lines = ["schema_version: 1", "components:"]
    for component in dict.fromkeys(file.component for file in files):
        lines += [f"- name: {component}", f"  version: {version}"]
        for kind in ("files", "images"):
            mine = [file for file in files if (file.component, file.kind) == (component, kind)]
            lines += [f"  {kind}:"] * bool(mine) + [f"  - {_item(file)}" for file in mine]
    return "\n".join([*lines, ""])


def _item(file: File) -> str:
    names = ("name", "arch", "url", "sha256", "size")
    return "{" + ", ".join(f"{name}: {json.dumps(getattr(file, name))}" for name in names) + "}"


def key(made_of: dict[str, str]) -> str:
    """Digest of this recipe's own files and of the versions that went in."""
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode())
    for path in own_files():
        digest.update(f"{path.name}\0{sha256(path)}\n".encode())
    return digest.hexdigest()


def own_files() -> list[Path]:
    """All files that decide what comes out."""
    return [PROGRAM, *sorted(path for path in PARTS.iterdir() if path.suffix in {".go", ".py"})]


def problems(out: Path, *, digests: bool) -> list[str]:
    """Say what keeps a folder from being a complete build of this recipe. Sizes are compared; digests on request."""
    try:
        stamp = json.loads((out / STAMP).read_text())
        files = [File(**each) for each in stamp["files"]]
        current = stamp["key"] == key(stamp["made_of"])
    except FileNotFoundError:
        return ["nothing has been built there"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{STAMP} cannot be read: {error}"]
    if not current:
        return ["it was built by another version of this recipe"]
    missing = [] if (out / "lock.yml").is_file() else ["lock.yml is missing"]
    return missing + [f"{file.name} {wrong}" for file in files if (wrong := _wrong(out, file, digests=digests))]


def _wrong(out: Path, file: File, *, digests: bool) -> str | None:
    path = place(out, file.url)
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != file.size:
        return f"has {path.stat().st_size} bytes instead of {file.size}"
    if digests and sha256(path) != file.sha256:
        return "has another SHA-256 than when it was built"
    return None


def refuse_foreign(out: Path) -> None:
    """Keep a folder that holds anything else from being replaced; NetlabError."""
    if out.exists() and not (out.is_dir() and ((out / STAMP).exists() or not any(out.iterdir()))):
        raise NetlabError(f"{out} exists and is no build of this program", hint="name another folder, or remove it")


def publish(new: Path, out: Path) -> None:
    """Put a finished folder in the place of the one before."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.replace(old)  # a folder cannot replace one that is not empty
    new.replace(out)
    shutil.rmtree(old, ignore_errors=True)
