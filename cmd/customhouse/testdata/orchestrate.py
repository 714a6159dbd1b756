"""Stands in for Airflow and Dagster: loads an example and does what they would.

It knows of each no more than the examples use, and prints a line for each task or
asset.
"""

import runpy
import subprocess
import sys
import types


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made


class DAG:
    tasks = []

    def __init__(self, dag_id, start_date, schedule, catchup, max_active_runs, default_args):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class BashOperator:
    def __init__(self, task_id, bash_command, retries=None, skip_on_exit_code=None):
        self.task_id, self.bash_command, self.after = task_id, bash_command, []
        self.skip = skip_on_exit_code
        DAG.tasks.append(self)

    def __rshift__(self, other):
        other.after.append(self)
        return other


class AirflowFailException(Exception):
    pass


class AirflowSkipException(Exception):
    pass


class PythonOperator:
    def __init__(self, task_id, python_callable):
        self.task_id, self.call, self.after = task_id, python_callable, []
        DAG.tasks.append(self)

    __rshift__ = BashOperator.__rshift__


class PythonSensor(PythonOperator):
    def __init__(self, task_id, python_callable, mode, poke_interval, timeout):
        super().__init__(task_id, python_callable)


class TaskInstance:
    returned = {}

    def xcom_pull(self, task_ids):
        return self.returned[task_ids]


def python(task):
    """Does a task, until it says that it is done where it is a sensor."""
    try:
        while True:
            out = task.call(ti=TaskInstance(), run_id="scheduled__2026-01-01T00:15:00+00:00")
            if out or not isinstance(task, PythonSensor):
                TaskInstance.returned[task.task_id] = out
                return "done"
    except AirflowSkipException:
        return "skipped"


module("airflow", DAG=DAG)
module("airflow.exceptions", AirflowFailException=AirflowFailException, AirflowSkipException=AirflowSkipException)
module("airflow.operators")
module("airflow.operators.bash", BashOperator=BashOperator)
module("airflow.operators.python", PythonOperator=PythonOperator)
module("airflow.sensors")
module("airflow.sensors.python", PythonSensor=PythonSensor)


class AssetKey:
    def __init__(self, path):
        self.path = tuple(path)

    def __eq__(self, other):
        return self.path == other.path

    def __hash__(self):
        return hash(self.path)

    def __str__(self):
        return "/".join(self.path)


class AssetSpec:
    def __init__(self, key, deps, group_name, kinds):
        self.key, self.deps = key, deps


class Failure(Exception):
    pass


class MaterializeResult:
    def __init__(self, asset_key, metadata):
        self.asset_key, self.metadata = asset_key, metadata


class Context:
    def __init__(self, keys):
        self.selected_asset_keys = keys


def multi_asset(specs, can_subset):
    def decorate(compute):
        return types.SimpleNamespace(specs=specs, compute=compute)

    return decorate


class Definitions:
    def __init__(self, assets, schedules):
        self.assets = assets


module(
    "dagster",
    AssetKey=AssetKey,
    AssetSpec=AssetSpec,
    AssetExecutionContext=Context,
    AssetSelection=types.SimpleNamespace(groups=lambda *names: names),
    Definitions=Definitions,
    Failure=Failure,
    MaterializeResult=MaterializeResult,
    ScheduleDefinition=lambda name, target, cron_schedule, execution_timezone: None,
    multi_asset=multi_asset,
)

loaded = runpy.run_path(sys.argv[1])
for task in DAG.tasks:  # in the order in which the example declares them
    assert all(before in DAG.tasks[: DAG.tasks.index(task)] for before in task.after)
    if isinstance(task, PythonOperator):
        print(task.task_id, python(task), flush=True)
        continue
    code = subprocess.run(["bash", "-c", task.bash_command], stdout=sys.stderr, check=False).returncode
    print(task.task_id, code, flush=True)
if "defs" in loaded:
    for asset in loaded["defs"].assets:
        keys = [spec.key for spec in asset.specs]
        for result in asset.compute(Context(keys)):
            print(result.asset_key, result.metadata["status"])
