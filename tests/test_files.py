import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_no_text_depends_on_the_locale():
    """A file that is opened without an encoding has that of the terminal; ruff's rule is not among the stable ones."""
    ruff = [Path(sys.executable).parent / "ruff", "check", "--preview", "--select", "PLW1514", "--no-cache", "--quiet"]
    done = subprocess.run([*ruff, "netlab", "scripts"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
