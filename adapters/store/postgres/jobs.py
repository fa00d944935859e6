"""Jobs on PostgreSQL: Procrastinate gets one for each command that is due soon.

The writer defers a job with the database function that Procrastinate's own library calls, in the
transaction that writes the outbox row, so neither exists without the other. A call of the library
would cost another round trip.

Commands that are due later have no job yet: at each fetch, Procrastinate's workers read all
waiting jobs. A periodic sweep defers jobs as commands come due.

The row is the truth about the due time. A read that is asked for again with a later time (K10)
keeps its job, which then runs too early, and gives the command its next job.
"""

from ..outbox import Party

SOON = 60.0
"""Seconds. A command that is due within them gets its job at once."""

LONGEST = 10 * 60.0
"""Seconds. No attempt takes longer: a job that still counts as running was lost."""

TASK = "relink.perform"
"""The task of the jobs that carry out commands."""

QUEUES = {party: f"relink_{party.value}" for party in Party}
"""The queues of these jobs: a backlog of one party's commands must not delay those of another."""

_JOB = f"""ROW('relink_' || party, '{TASK}', 0, NULL, id,
json_build_object('command_id', id)::jsonb,
CASE WHEN due_at > extract(epoch FROM now()) THEN to_timestamp(due_at) END
)::procrastinate_job_to_defer_v1"""

_DEFER = f"SELECT procrastinate_defer_jobs_v1(array_agg({_JOB})) FROM asked"
_IF_ANY = "HAVING count(*) > 0"

DEFER_NEW = f"{_DEFER} WHERE due_at <= created_at + {SOON} {_IF_ANY}"
"""Defers a job for each row of ``asked``, new rows of the outbox, that is due soon. The command's
id is the job's queueing lock, so two jobs of one command never wait side by side."""

_HAS_JOB = """EXISTS (SELECT 1 FROM procrastinate_jobs AS job
WHERE job.queueing_lock = outbox.id AND job.status = '{status}')"""
_WAITS, _RUNS = _HAS_JOB.format(status="todo"), _HAS_JOB.format(status="doing")

JOBLESS = f"""SELECT id FROM outbox WHERE status = 'due' AND due_at <= :until
AND NOT {_WAITS} AND NOT (due_at > :until - {LONGEST} AND {_RUNS})
ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED"""
"""The commands that are due by then and have no job. The query locks their rows, as a postponement
does, so two transactions never defer jobs for the same command."""

NOT_DUE = """SELECT id FROM outbox WHERE id = :id AND status = 'due'
AND due_at > extract(epoch FROM now()) FOR UPDATE"""
"""The command, if it is due later. The query locks its row."""

DEFER_SOME = f"""WITH asked AS (SELECT id, party, due_at FROM outbox
WHERE id = ANY(:ids) AND NOT {_WAITS}
AND due_at <= coalesce(CAST(:until AS float8), extract(epoch FROM now()) + {SOON}))
{_DEFER} {_IF_ANY}"""
"""Defers jobs for locked commands that are due by then (by default soon) and have none waiting."""
