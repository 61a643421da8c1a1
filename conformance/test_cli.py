"""The `mlflow` command line, as a user types it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow.cli import cli as mlflow_cli

from support import unique

MLFLOW = str(Path(sys.executable).parent / "mlflow")


@pytest.fixture
def cli(tracking_uri):
    """The command in this process: starting one of its own takes seconds each time."""

    def run(*args: str) -> str:
        done = CliRunner().invoke(mlflow_cli, args, env={"MLFLOW_TRACKING_URI": tracking_uri, "COLUMNS": "200"})
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    return run


def test_the_command_itself(tracking_uri, client):
    name = unique("shell")
    done = subprocess.run(
        [MLFLOW, "experiments", "create", "--experiment-name", name],
        env={**os.environ, "MLFLOW_TRACKING_URI": tracking_uri},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert client.get_experiment_by_name(name).experiment_id in done.stdout + done.stderr


def test_experiments(cli, client):
    name = unique("cli")
    said = cli("experiments", "create", "--experiment-name", name)
    experiment = client.get_experiment_by_name(name)
    assert experiment.experiment_id in said
    assert name in cli("experiments", "search")

    cli("experiments", "rename", "-x", experiment.experiment_id, "--new-name", f"{name}-2")
    assert client.get_experiment(experiment.experiment_id).name == f"{name}-2"

    cli("experiments", "delete", "-x", experiment.experiment_id)
    assert f"{name}-2" not in cli("experiments", "search")
    assert f"{name}-2" in cli("experiments", "search", "--view", "deleted_only")

    cli("experiments", "restore", "-x", experiment.experiment_id)
    assert f"{name}-2" in cli("experiments", "search")


def test_experiment_as_csv(cli, client, experiment, run_id, tmp_path):
    client.log_param(run_id, "lr", "0.1")
    client.log_metric(run_id, "loss", 0.25)
    file = tmp_path / "runs.csv"
    cli("experiments", "csv", "-x", experiment, "-o", str(file))
    [row] = csv.DictReader(file.read_text().splitlines())
    assert (row["run_id"], row["params.lr"], row["metrics.loss"]) == (run_id, "0.1", "0.25")


def test_runs(cli, client, experiment, run_id):
    client.set_tag(run_id, "mlflow.runName", "from-the-shell")
    client.log_metric(run_id, "loss", 0.25)
    listed = cli("runs", "list", "--experiment-id", experiment)
    assert run_id in listed
    assert "from-the-shell" in listed

    described = json.loads(cli("runs", "describe", "--run-id", run_id))
    assert described["info"]["run_id"] == run_id
    assert described["data"]["metrics"] == {"loss": 0.25}

    cli("runs", "delete", "--run-id", run_id)
    assert run_id not in cli("runs", "list", "--experiment-id", experiment)
    assert run_id in cli("runs", "list", "--experiment-id", experiment, "--view", "deleted_only")

    cli("runs", "restore", "--run-id", run_id)
    assert run_id in cli("runs", "list", "--experiment-id", experiment)


def test_artifacts(cli, run_id, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("hello from the shell")
    cli("artifacts", "log-artifact", "--local-file", str(file), "--run-id", run_id, "--artifact-path", "docs")
    assert [each["path"] for each in json.loads(cli("artifacts", "list", "--run-id", run_id))] == ["docs"]
    [listed] = json.loads(cli("artifacts", "list", "--run-id", run_id, "--artifact-path", "docs"))
    assert (listed["path"], listed["file_size"]) == ("docs/notes.txt", len("hello from the shell"))

    folder = tmp_path / "down"
    folder.mkdir()
    cli("artifacts", "download", "--run-id", run_id, "--artifact-path", "docs", "--dst-path", str(folder))
    assert (folder / "docs" / "notes.txt").read_text() == "hello from the shell"
