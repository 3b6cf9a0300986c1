"""``experiments/NAME.yml``: a question, and the part of ``netlab.yml`` that measures what answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from netlab import assets
from netlab.errors import ConfigError
from netlab.model.frozen import Frozen
from netlab.model.run import ExperimentInfo
from netlab.spec.lab import LabSpec
from netlab.suggest import did_you_mean
from netlab.yamlfile import files_in, read_model

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "experiments"


class Experiment(Frozen):
    """An experiment as it is written."""

    question: str
    description: str
    spec: LabSpec
    """What it says of the lab; keys that it leaves out are the lab's own."""

    def laid_over(self, spec: LabSpec) -> dict[str, Any]:
        """Return the keys that either sets, the experiment's in place of the lab's, section by section."""
        return _merged(
            spec.model_dump(exclude_unset=True), self.spec.model_dump(exclude_unset=True, exclude={"experiment"})
        )


def find(name: str, lab: Path) -> Experiment:
    """Find the experiment of this name, in the lab's own folder ``experiments`` first; ConfigError where none is."""
    files = _files(lab)
    if name not in files:
        hint = f"known experiments: {', '.join(sorted(files))}"
        raise ConfigError(f"there is no experiment '{name}'{did_you_mean(name, files)}", hint=hint)
    return read_model(files[name], Experiment, name=f"{FOLDER}/{files[name].name}")


def info(name: str, lab: Path) -> ExperimentInfo | None:
    """Return what a run remembers of its experiment; None without one."""
    if not name:
        return None
    found = find(name, lab)
    return ExperimentInfo(name=name, question=found.question, description=found.description)


def with_experiment(spec: LabSpec, lab: Path) -> LabSpec:
    """Lay the experiment that a spec names over it; the same spec where it names none.

    ConfigError where the two do not go together.
    """
    if not spec.experiment:
        return spec
    try:
        return LabSpec.model_validate(find(spec.experiment, lab).laid_over(spec))
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        hint = "take out of netlab.yml what the experiment decides, or do not name it"
        raise ConfigError(f"the experiment '{spec.experiment}' does not go with the lab: {said}", hint=hint) from None


def names(lab: Path) -> list[str]:
    """Names of all experiments, netlab's and the lab's own, sorted."""
    return sorted(_files(lab))


def _files(lab: Path) -> dict[str, Path]:
    """By name; a lab's own is taken before netlab's."""
    return files_in(assets.experiments()) | files_in(lab / FOLDER)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {name: _merged(below[name], value) for name, value in above.items() if _sections(below.get(name), value)}
    return {**below, **above, **both}


def _sections(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)
