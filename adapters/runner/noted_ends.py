"""Whoever cannot note the end of a job hands the job over.

A worker answers with its heartbeat for the jobs that it fetched. When the database goes away just
as a job ends, and is back before the next heartbeat, the job would count as running for as long as
the worker lives, and its command would wait. So the workers of the process end then, and others
begin: the jobs of a worker that has ended go to others.
"""

import asyncio
import datetime

from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager


class NotedEnds(JobManager):
    """Procrastinate's operations on jobs; remembers when the end of a job could not be noted.

    Args:
        connector: leads to the queue.
    """

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self._missed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait_for_missed(self) -> None:
        """Wait until the end of a job could not be noted.

        Raises:
            ConnectorException: it could not be noted.
        """
        await asyncio.shield(self._missed)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note that a job has ended for good."""
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            self._miss(error)
            raise

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime.datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Note that a job runs again later. It has ended if its command has its next job."""
        try:
            await super().retry_job(job, retry_at, priority, queue, lock)
        except UniqueViolation:
            await self.finish_job(job, Status.ABORTED, delete_job=True)
        except ConnectorException as error:
            self._miss(error)
            raise

    def _miss(self, error: ConnectorException) -> None:
        if not self._missed.done():
            self._missed.set_exception(error)
            self._missed.exception()  # asyncio would report one that nobody asked for
