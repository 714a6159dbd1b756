"""Every segment and sync of a Customhouse project as a Dagster asset.

The assets and what they depend on come from `customhouse ls`, which needs no
warehouse. One run of the binary materialises what was selected, and what it has
counted becomes metadata.
"""

import json
import subprocess

import dagster as dg

PROJECT = "/opt/dagster/customhouse"
SHOWN = ("segment", "sync")


def customhouse(*args: str) -> subprocess.CompletedProcess:
    """Runs the binary. Progress goes to Dagster's log of standard error."""
    return subprocess.run(
        ["customhouse", *args, "--project-dir", PROJECT, "--target", "production", "--format", "json"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


def key(node: str) -> dg.AssetKey:
    kind, name = node.split(":", 1)
    return dg.AssetKey(["customhouse", kind, name.replace(".", "_")])


NODES = [n for n in json.loads(customhouse("ls").stdout)["nodes"] if n["kind"] in SHOWN]
BY_KEY = {key(n["key"]): n["key"] for n in NODES}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key(n["key"]),
            deps=[key(read) for read in n["reads"] if read.split(":")[0] in SHOWN],
            group_name="customhouse",
            kinds={"customhouse", n["kind"]},
        )
        for n in NODES
    ],
    can_subset=True,
)
def project(context: dg.AssetExecutionContext):
    selected = [BY_KEY[k] for k in context.selected_asset_keys]
    done = customhouse("run", "--detailed-exitcode", *(f"--select=+{node}" for node in selected))
    if done.returncode not in (0, 3):
        raise dg.Failure(f"customhouse run ended with {done.returncode}: see its log")
    results = json.loads(done.stdout)
    syncs = {f"sync:{s['name']}": s for s in results["syncs"]}
    for node in selected:
        sync = syncs.get(node, {})
        yield dg.MaterializeResult(
            asset_key=key(node),
            metadata={
                "run_id": results["run_id"],
                "status": sync.get("status", results["status"]),
                **{f"rows_{name}": n for name, n in sync.items() if isinstance(n, int)},
            },
        )


defs = dg.Definitions(
    assets=[project],
    schedules=[
        dg.ScheduleDefinition(
            name="customhouse_hourly",
            target=dg.AssetSelection.groups("customhouse"),
            cron_schedule="15 * * * *",
            execution_timezone="Europe/Paris",
        )
    ],
)
