"""One profile of one run, explained: the paths that its packets take, and what on them costs what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ResultsError
from netlab.report.compute import costs, paths
from netlab.report.compute.build import build_report
from netlab.report.compute.cells import costed
from netlab.report.explanation import Explanation, Story
from netlab.report.text import labels, sentences

if TYPE_CHECKING:
    from netlab.model.run import ProfileInfo, Run
    from netlab.report.values import Cell, PathPicture


def explain(run: Run, profile: ProfileInfo) -> Explanation:
    """Explain every path of ``profile`` that the run measured or recorded.

    ResultsError where what the profiler saw of one of them, or of the baseline that all are compared with, cannot be
    read.
    """
    header = run.header
    _refuse_unreadable(run, profile)
    cells = build_report([run]).cells if run.samples else ()
    known = labels.labelled({one.name: one for one in header.profiles})
    profile = known.get(profile.name, profile)
    drawn = paths.pictures(run.proofs, known, (header.baseline_profile, header.baseline_path))
    pictures = {one.path: one for one in drawn if one.profile == profile.name}
    mine = [cell for cell in cells if cell.profile == profile.name]
    unmeasured = [path for path in (*profile.paths, *pictures) if path not in {cell.path for cell in mine}]
    stories = [_story(profile, cell.path, cell, _base_of(cell, cells), pictures.get(cell.path), run) for cell in mine]
    stories += [_story(profile, path, None, None, pictures.get(path), run) for path in dict.fromkeys(unmeasured)]
    order = {path: at for at, path in enumerate((*profile.paths, *pictures))}
    return Explanation(
        profile=profile.name,
        label=profile.label,
        description=profile.description,
        run_id=header.run_id,
        clock=header.environment.clock,
        base=f"{header.baseline_profile}/{header.baseline_path}",
        stories=tuple(sorted(stories, key=lambda story: order.get(story.path, len(order)))),
    )


def _refuse_unreadable(run: Run, profile: ProfileInfo) -> None:
    base = run.header.baseline_profile, run.header.baseline_path
    for one in run.refused_hotspots:
        if one.profile == profile.name or (one.profile, one.path) == base:
            raise ResultsError(one.reason, hint="restore the file from a copy, or move it away to do without it")


def _base_of(cell: Cell, cells: tuple[Cell, ...]) -> Cell | None:
    return next((one for one in cells if one.is_baseline and one.load == cell.load), None)


def _story(  # noqa: PLR0913, PLR0917 - all that is known of a path
    profile: ProfileInfo, path: str, cell: Cell | None, base: Cell | None, picture: PathPicture | None, run: Run
) -> Story:
    clock = run.header.environment.clock
    spent = costs.of_cell(cell, clock) if cell and costed(cell) else ()
    both = cell and base and cell is not base and spent and costed(base)
    change = costs.change(cell, base, clock) if cell and base and both else None
    again = f"netlab run --profiles {','.join(dict.fromkeys((run.header.baseline_profile, profile.name)))}"
    return Story(
        path=path,
        name=cell.name if cell else f"{profile.label} · {path}",
        picture=picture,
        costs=spent,
        change=change,
        sentences=(*sentences.of_path(picture, again), *sentences.of_costs(cell, base, spent, change, again)),
    )
