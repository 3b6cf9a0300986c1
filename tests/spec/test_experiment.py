from __future__ import annotations

import pytest

from netlab.errors import ConfigError
from netlab.spec import experiment
from netlab.spec.lab import LabSpec


def write(lab, text, name="mine"):
    folder = lab / "experiments"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(f"question: why?\ndescription: so\nspec: {text}\n")


def lab_spec(**keys):
    return LabSpec.model_validate(keys)


@pytest.mark.parametrize("name", experiment.names(experiment.assets.root()))
def test_netlabs_own_go_with_a_lab_that_says_nothing(name, tmp_path):
    spec = experiment.with_experiment(lab_spec(experiment=name), tmp_path)
    assert spec.experiment == name
    found = experiment.info(name, tmp_path)
    assert found.name == name
    assert found.question.endswith("?")


def test_softirqs_are_counted_on_several_processors_in_real_time(tmp_path):
    spec = experiment.with_experiment(lab_spec(experiment="softirqs"), tmp_path)
    assert (spec.clock, spec.qemu.cpus, spec.rounds, spec.load.duration_s) == ("real", 2, 5, 4)
    assert spec.load.connections == LabSpec().load.connections


def test_its_keys_win_over_the_labs_section_by_section(tmp_path):
    write(tmp_path, "{rounds: 7, load: {connections: 8}}")
    lab = lab_spec(experiment="mine", rounds=4, seed=1, load={"connections": 2, "duration_s": 3})
    spec = experiment.with_experiment(lab, tmp_path)
    assert (spec.rounds, spec.seed, spec.load.connections, spec.load.duration_s) == (7, 1, 8, 3)


def test_a_lab_without_one_stays_as_it_is(tmp_path):
    spec = lab_spec(rounds=4)
    assert experiment.with_experiment(spec, tmp_path) is spec
    assert experiment.info("", tmp_path) is None


def test_the_labs_own_is_taken_before_netlabs(tmp_path):
    write(tmp_path, "{rounds: 9}", "softirqs")
    assert experiment.with_experiment(lab_spec(experiment="softirqs"), tmp_path).rounds == 9


def test_an_unknown_one_is_named_with_what_was_meant(tmp_path):
    with pytest.raises(ConfigError, match="there is no experiment 'softirq'; did you mean 'softirqs'") as error:
        experiment.find("softirq", tmp_path)
    assert error.value.hint == "known experiments: softirqs"


def test_a_mistake_in_it_has_its_line(tmp_path):
    write(tmp_path, "{rounds: 1}")
    with pytest.raises(ConfigError, match=r"experiments/mine.yml:3: .*rounds"):
        experiment.find("mine", tmp_path)


def test_what_does_not_go_with_the_lab_is_one_sentence(tmp_path):
    write(tmp_path, "{rounds: 20}")
    with pytest.raises(ConfigError, match=r"'mine' does not go with the lab: max_rounds \(5\) must be"):
        experiment.with_experiment(lab_spec(experiment="mine", max_rounds=5), tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path):
    write(tmp_path, "{rounds: 9}")
    (tmp_path / "experiments" / "mine.yaml").write_text("question: why?\n")
    with pytest.raises(ConfigError, match=r"has both mine\.yml and mine\.yaml"):
        experiment.names(tmp_path)
