"""Logs what MLflow's page is to show with the stock client, and prints the ids as one line of JSON.

python data.py TRACKING_URI
"""

import json
import math
import sys
import tempfile
from pathlib import Path

import matplotlib
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from PIL import Image
from sklearn.linear_model import LogisticRegression

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

STEPS = 200
HEADINGS = ["sepal length", "sepal width"]
FRAME = pd.DataFrame({"sepal length": [5.1, 4.9, 6.2, 5.9], "sepal width": [3.5, 3.0, 2.9, 3.2]})
TARGET = [0, 0, 1, 1]
MODEL = "iris-classifier"


def log_curves(rate: float, client: MlflowClient, run_id: str) -> None:
    """A training of `STEPS` steps, with system metrics, a NaN and an infinity on the way."""
    from mlflow.entities import Metric

    begin = client.get_run(run_id).info.start_time
    metrics = []
    for step in range(STEPS):
        loss = math.exp(-step * rate) + 0.02 * math.sin(step)
        values = {
            "loss": loss,
            "val/acc": 1 - loss / 2,
            "val/loss": float("nan") if step == 50 else loss * 1.2,
            "system/cpu_utilization_percentage": 50 + 20 * math.sin(step / 9),
            "system/system_memory_usage_megabytes": 4000 + 3 * step,
        }
        metrics += [Metric(key, value, begin + step * 1000, step) for key, value in values.items()]
    metrics.append(Metric("spikes", float("inf"), begin, 0))
    for at in range(0, len(metrics), 1000):
        client.log_batch(run_id, metrics=metrics[at : at + 1000])


def log_files(folder: Path) -> None:
    """One artifact of every kind that the page previews."""
    mlflow.log_text("first line\nsecond line of the notes\n", "notes/hello.txt")
    mlflow.log_dict({"rate": 0.1, "layers": [64, 32]}, "config.json")
    mlflow.log_dict({"rate": 0.1, "optimizer": "adam"}, "config.yaml")
    mlflow.log_text("# A heading of Markdown\n\n* a point\n", "readme.md")
    mlflow.log_text("<html><body><h1>A report in HTML</h1></body></html>", "report.html")
    mlflow.log_text("name,value\nalpha,1\nbeta,2\n", "table.csv")
    mlflow.log_table({"question": ["why?", "how?"], "answer": ["because", "so"]}, "answers.json")
    square = np.zeros((32, 32, 3), dtype=np.uint8)
    square[8:24, 8:24] = [255, 80, 0]
    mlflow.log_image(Image.fromarray(square), "square.png")
    for step in range(3):
        mlflow.log_image(np.roll(square, step * 6, axis=0), key="samples", step=step)
    figure, axes = pyplot.subplots()
    axes.plot([1, 3, 2])
    mlflow.log_figure(figure, "figure.svg")
    blob = folder / "weights.bin"
    blob.write_bytes(bytes(range(256)) * 16)
    mlflow.log_artifact(str(blob), "deep/er")


def log_training(client: MlflowClient, name: str, rate: float, folder: Path) -> str:
    """A finished run with everything a run page shows but its models."""
    with mlflow.start_run(run_name=name, description=f"A **described** run at rate {rate}") as run:
        mlflow.log_params({"rate": rate, "depth": 3, "optimizer": "adam" if rate > 0.01 else "sgd"})
        mlflow.set_tags({"team": "fraud", "phase": "tuning"})
        mlflow.log_input(
            mlflow.data.from_pandas(FRAME.assign(species=TARGET), name="iris-frame", targets="species"), "training"
        )
        log_curves(rate, client, run.info.run_id)
        log_files(folder)
    return run.info.run_id


def train_model(name: str, strength: float) -> tuple[str, str, str]:
    """A run that logs and registers a model. Returns the ids of run and model, and the version."""
    with mlflow.start_run(run_name=name) as run:
        data = mlflow.data.from_pandas(FRAME.assign(species=TARGET), name="iris-frame", targets="species")
        mlflow.log_input(data, "training")
        model = LogisticRegression(C=strength).fit(FRAME, TARGET)
        mlflow.log_params(model.get_params())
        info = mlflow.sklearn.log_model(
            model,
            name="classifier",
            signature=infer_signature(FRAME, model.predict(FRAME)),
            input_example=FRAME.head(2),
            registered_model_name=MODEL,
            # Found out by loading the model in another process, which takes longer than all the rest.
            pip_requirements=["scikit-learn"],
            params={"strength": strength},
            tags={"kind": "linear"},
        )
        mlflow.log_metric("accuracy", model.score(FRAME, TARGET), model_id=info.model_id, dataset=data)
        for step in range(5):
            mlflow.log_metric("epoch/acc", 0.7 + step / 20, step=step, model_id=info.model_id)
    return run.info.run_id, info.model_id, str(info.registered_model_version)


def name_versions(client: MlflowClient, versions: list[str]) -> None:
    client.update_registered_model(MODEL, "Tells *irises* apart")
    client.set_registered_model_tag(MODEL, "task", "classification")
    client.set_registered_model_alias(MODEL, "champion", versions[-1])
    client.set_model_version_tag(MODEL, versions[0], "validated", "yes")
    client.update_model_version(MODEL, versions[0], "The first of its kind")
    client.transition_model_version_stage(MODEL, versions[0], "Staging")
    client.create_registered_model("empty-model", {"task": "nothing yet"}, "No version so far")


def main(uri: str) -> dict:
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    curves = client.create_experiment("training curves", tags={"mlflow.note.content": "What **loss** does", "team": "a"})
    mlflow.set_experiment(experiment_id=curves)
    with tempfile.TemporaryDirectory() as folder:
        runs = [log_training(client, f"rate-{rate}", rate, Path(folder)) for rate in (0.05, 0.02, 0.005)]
    with mlflow.start_run(run_name="parent") as parent:
        for fold in range(2):
            with mlflow.start_run(run_name=f"fold-{fold}", nested=True):
                mlflow.log_metric("loss", 0.3 + fold / 10)
    live = client.create_run(curves, run_name="still-running").info.run_id
    client.log_metric(live, "loss", 0.9, step=0)
    failed = client.create_run(curves, run_name="has-failed").info.run_id
    client.set_terminated(failed, "FAILED")
    deleted = client.create_run(curves, run_name="was-deleted").info.run_id
    client.delete_run(deleted)

    models = client.create_experiment("iris models")
    mlflow.set_experiment(experiment_id=models)
    trained = [train_model(f"strength-{strength}", strength) for strength in (0.1, 1.0)]
    name_versions(client, [version for _, _, version in trained])

    mlflow.set_experiment("prompts")
    for template in ("Answer {{question}} briefly.", "Answer {{question}} in one sentence."):
        mlflow.genai.register_prompt("qa-prompt", template, commit_message="a better wording")
    return {
        "curves": curves,
        "runs": runs,
        "parent": parent.info.run_id,
        "live": live,
        "deleted": deleted,
        "models": models,
        "modelRuns": [run for run, _, _ in trained],
        "loggedModels": [model for _, model, _ in trained],
        "model": MODEL,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
