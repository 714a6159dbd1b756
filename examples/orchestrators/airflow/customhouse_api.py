"""Customhouse by its API: a server runs it, and Airflow asks and waits.

`customhouse serve --listen ...` runs somewhere, with the project and its secrets;
the workers need neither. They need two variables of the environment (from a secret
backend, never from the DAG): CUSTOMHOUSE_URL and CUSTOMHOUSE_TOKEN, made by

    customhouse token create --name airflow --scope runs:read --scope runs:write
"""

import json
import os
import urllib.error
import urllib.request
from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.operators.python import PythonOperator
from airflow.sensors.python import PythonSensor


def ask(method, path, body=None, key=None):
    """Sends a request and returns the answer; an error says what the server says."""
    request = urllib.request.Request(os.environ["CUSTOMHOUSE_URL"] + path, method=method)
    request.add_header("Authorization", "Bearer " + os.environ["CUSTOMHOUSE_TOKEN"])
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        text = f"{problem['code']}: {problem.get('detail', problem['title'])}"
        if error.code in (429, 502, 503):
            raise RuntimeError(text) from None  # Airflow tries again.
        raise AirflowFailException(text) from None


def start(run_id, **_):
    # The key is the DAG run's: a task that is tried again starts no second run.
    return ask("POST", "/v1/runs", {"select": ["segment:*", "sync:*"]}, key=run_id)["id"]


def ended(ti, **_):
    """Says whether the run has ended. The server waits with the question."""
    run = ask("GET", f"/v1/runs/{ti.xcom_pull(task_ids='start')}?wait=30")
    if run["status"] in ("due", "running", "interrupted"):
        return False
    if run["status"] == "degraded":
        # Rows were refused and stay due: shown as skipped, so that somebody looks.
        raise AirflowSkipException(run.get("reason", "rows were refused"))
    if run["status"] != "ok":
        raise AirflowFailException(f"{run['status']}: {run.get('reason', '')}")
    return True


with DAG(
    dag_id="customhouse_api",
    start_date=datetime(2026, 1, 1),
    schedule="15 * * * *",
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
) as dag:
    # mode="reschedule" gives the worker back between two questions.
    begin = PythonOperator(task_id="start", python_callable=start)
    wait = PythonSensor(task_id="wait", python_callable=ended, mode="reschedule", poke_interval=30, timeout=3 * 60 * 60)

    begin >> wait
