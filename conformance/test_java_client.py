"""MLflow's Java client, the newest there is; run.mjs builds the program that uses it."""

import os
import subprocess


def test_day_with_the_java_client(tracking_uri):
    classpath = os.environ.get("CONFORMANCE_JAVA", "!run.mjs tells where the built program is")
    assert not classpath.startswith("!"), classpath[1:]
    done = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", "-cp", classpath, "JavaClientTest", tracking_uri],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "OK"
