"""Works through jobs on several fleets at the same time, one job per fleet; what one of them raises ends all."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from netlab import ansible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from netlab.provision.session import Session

    Job = Callable[[Session], None]


def work(fleets: Sequence[Session], jobs: Iterable[Job]) -> None:
    """Do every job on whichever fleet is free next; they begin in the order given.

    When one fails, or at a Ctrl-C, the others are ended at once and that error is raised.
    """
    queue, ended = iter(list(jobs)), threading.Event()
    turn = threading.Lock()

    def worker(fleet: Session) -> None:
        while not ended.is_set():
            with turn:
                job = next(queue, None)
            if job is None:
                return
            job(fleet)

    with ThreadPoolExecutor(len(fleets), thread_name_prefix="fleet") as pool:
        futures = [pool.submit(worker, fleet) for fleet in fleets]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            ended.set()
            while wait(futures, timeout=0.5).not_done:
                ansible.end_plays()  # again, in case a job was just about to begin one
            raise
