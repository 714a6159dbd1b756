"""Customhouse by its binary: identities and segments, then the syncs.

The binary is on the workers (or in their image), the project in PROJECT. Secrets
come from Airflow's connections or the workers' environment, never from the DAG.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

PROJECT = "/opt/airflow/customhouse"
COMMAND = f"customhouse %s --project-dir {PROJECT} --target production --log-format json"

with DAG(
    dag_id="customhouse",
    start_date=datetime(2026, 1, 1),
    schedule="15 * * * *",
    catchup=False,  # a run brings everything up to date: old ones would find nothing to do
    max_active_runs=1,
    default_args={
        "retries": 2,  # harmless: what was acknowledged is not sent again
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=3),
    },
) as dag:
    validate = BashOperator(task_id="validate", bash_command=COMMAND % "validate", retries=0)

    build = BashOperator(
        task_id="build",
        # Everything but the syncs, which the next task delivers.
        bash_command=COMMAND % "run" + " --exclude 'sync:*'",
    )

    deliver = BashOperator(
        task_id="deliver",
        # Degraded (3) is shown as skipped, so that somebody looks; the rows stay due.
        bash_command=COMMAND % "sync" + " --detailed-exitcode",
        skip_on_exit_code=3,
    )

    validate >> build >> deliver
