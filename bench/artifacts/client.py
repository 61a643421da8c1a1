"""One turn of an artifact case with the stock client: uploads, downloads, compares; prints the seconds as JSON.

    client.py URI FOLDER FILE_COUNT FILE_BYTES
"""

import filecmp
import json
import os
import shutil
import sys
import time

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow
from mlflow import MlflowClient

BLOCK = 1024 * 1024


def fill(folder, count, size):
    os.makedirs(folder, exist_ok=True)
    for index in range(count):
        path = os.path.join(folder, f"{index:04}.bin")
        if os.path.exists(path) and os.path.getsize(path) == size:
            continue
        with open(path, "wb") as file:
            for start in range(0, size, BLOCK):
                file.write(os.urandom(min(BLOCK, size - start)))


def timed(call):
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main(uri, folder, count, size):
    source = os.path.join(folder, f"{count}x{size}")
    target = os.path.join(folder, "down")
    fill(source, count, size)
    # What the last turn left to be written to disk is not this turn's.
    os.sync()
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    run = client.create_run(client.create_experiment(f"artifacts-{time.time_ns()}"))
    run_id = run.info.run_id
    # The first request of a process pays for its imports and its connection.
    client.log_text(run_id, "warm", "warm.txt")
    os.makedirs(target)
    upload = timed(lambda: client.log_artifacts(run_id, source, "files"))
    os.sync()
    download = timed(
        lambda: mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path="files", dst_path=target
        )
    )
    names = [f"{index:04}.bin" for index in range(count)]
    equal, _, _ = filecmp.cmpfiles(source, os.path.join(target, "files"), names, shallow=False)
    shutil.rmtree(target)
    client._tracking_client._get_artifact_repo(run_id).delete_artifacts("files")
    print(json.dumps({"upload": upload, "download": download, "equal": len(equal)}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
