"""Kubernetes' source, made ready for Debian's Go compiler, and the programs that come of it: static, without cgo."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.kubernetes.context import BuildContext

COMPILER = "golang-1.19-go"
PACKAGES = (COMPILER, "golang-github-modern-go-reflect2-dev", "patch")
"""What the build takes from the release of Debian that has the source."""

MODULE = "k8s.io/kubernetes"
OWN = Path(__file__).parent
EXAMPLES = ("/code-generator/", "/sample-apiserver/")
OPENAPI = "pkg/generated/openapi"


class Source:
    """A GOPATH that holds the source in ``path``; ``tools`` is a tree with ``PACKAGES`` in it."""

    def __init__(self, context: BuildContext, tools: Path) -> None:
        self._context = context
        self._tools = tools
        self._gopath = context.folder / "gopath"
        self._tmp = context.folder / "go-tmp"  # the system's may be small, and in memory
        self.path = self._gopath / "src" / MODULE

    def prepare(self, archives: Sequence[Path]) -> None:
        """Unpack, apply Debian's patches, put newer code where Go 1.19 needs it, generate what is missing."""
        self._context.say("unpack and patch the source")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        self._tmp.mkdir(exist_ok=True)
        for archive in archives:
            strip = ["--strip-components=1"] if ".orig." in archive.name else []
            self._context.run(f"unpack {archive.name}", ["tar", "-xf", archive, *strip], cwd=self.path)
        self._patch()
        self._renew_reflect2()
        for name in ("crictl", "pause"):
            (self.path / "cmd" / f"netlab-{name}").mkdir()
            shutil.copyfile(OWN / f"{name}.go", self.path / f"cmd/netlab-{name}/main.go")
        self._generate_openapi()

    def build(self, package: str, program: Path, *, version: str = "", commit: str = "") -> None:
        """Compile a package of the source into a static program. The same source gives the same bytes."""
        self._context.say(f"compile {program.name}")
        words = _version_flags(version, commit) if version else []
        flags = " ".join(["-s -w -buildid=", *words])
        self._go(f"compile {program.name}", "build", "-trimpath", f"-ldflags={flags}", "-o", program, f"./{package}")

    def _patch(self) -> None:
        patches = self.path / "debian/patches"
        lines = (line.partition("#")[0].strip() for line in (patches / "series").read_text().splitlines())
        for name in filter(None, lines):
            command = [self._tools / "usr/bin/patch", "--strip=1", "--batch", f"--input={patches / name}"]
            self._context.run(f"apply Debian's patch {name}", command, cwd=self.path)

    def _renew_reflect2(self) -> None:
        """Replace the vendored copy, which reads the runtime's maps as they were before Go 1.18: kubelet crashes."""
        name = "github.com/modern-go/reflect2"
        shutil.rmtree(self.path / "vendor" / name)
        shutil.copytree(self._tools / "usr/share/gocode/src" / name, self.path / "vendor" / name)

    def _generate_openapi(self) -> None:
        """Write the API's description, the one generated file that the source archive leaves out."""
        generator = self._context.folder / "openapi-gen"
        self.build("vendor/k8s.io/kube-openapi/cmd/openapi-gen", generator)
        self._context.say("generate the OpenAPI definitions")
        options = {
            "--input-dirs": ",".join(f"{MODULE}/{folder}" for folder in self.described()),
            "--output-package": f"{MODULE}/{OPENAPI}",
            "--output-file-base": "zz_generated.openapi",
            "--go-header-file": "vendor/k8s.io/code-generator/hack/boilerplate.go.txt",
            "--report-filename": self._context.folder / "openapi-violations",
        }
        words = [word for option in options.items() for word in option]
        self._context.run("generate the OpenAPI definitions", [generator, *words], cwd=self.path, env=self._env())

    def described(self) -> list[str]:
        """Folders whose types ask to be described, as paths below the module."""
        files = (*self.path.glob("pkg/**/*.go"), *self.path.glob("staging/src/k8s.io/**/*.go"))
        marked = {
            str(file.parent.relative_to(self.path)) for file in files if b"+k8s:openapi-gen=true" in file.read_bytes()
        }
        wanted = (folder for folder in marked if not any(example in folder for example in EXAMPLES))
        return sorted(folder.replace("staging/src/", "vendor/") for folder in wanted)

    def _go(self, what: str, command: str, *words: object) -> None:
        go = [self._tools / "usr/lib/go-1.19/bin/go", command, "-p", self._context.jobs]
        self._context.run(what, [*go, *words], cwd=self.path, env=self._env())

    def _env(self) -> dict[str, str]:
        root = self._tools / "usr/lib/go-1.19"
        return {
            "CGO_ENABLED": "0",
            "GO111MODULE": "off",
            "GOCACHE": str(self._context.folder / "go-cache"),
            "GOENV": "off",
            "GOFLAGS": "",
            "GOPATH": str(self._gopath),
            "GOROOT": str(root),
            "GOTMPDIR": str(self._tmp),
        }


def _version_flags(version: str, commit: str) -> list[str]:
    """Return the linker's words for what a program says of itself; ``version`` is like ``v1.20.2``."""
    major, minor, _ = version.removeprefix("v").split(".")
    values = {
        "gitVersion": version,
        "gitMajor": major,
        "gitMinor": minor,
        "gitCommit": commit,
        "gitTreeState": "archive",
    }
    places = [f"{MODULE}/vendor/k8s.io/{place}/version" for place in ("client-go/pkg", "component-base")]
    return [f"-X {place}.{name}={value}" for place in places for name, value in values.items()]
