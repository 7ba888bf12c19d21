#!/usr/bin/env python3
"""Counts to N in steps, and goes on where it was when it is run again: the child protocol of SJE in one small program.

Parameters (a JSON object in the file $SJE_PARAMETERS): "steps", how far to count, and "pause", seconds per step.
Only the standard library is used; run without SJE it counts ten steps from the start.
"""

import json
import os
import signal
import sys
import time


def read_json(variable, default):
    """The JSON in the file that an environment variable names, or the default when there is none."""
    path = os.environ.get(variable)
    if not path:
        return default
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save_checkpoint(state):
    """Writes another file and renames it: a reader sees the old checkpoint or the new one, never half of one."""
    path = os.environ.get("SJE_CHECKPOINT_OUT")
    if path:
        with open(path + ".draft", "w", encoding="utf-8") as file:
            json.dump(state, file)
        os.replace(path + ".draft", path)


def put_out(name, value):
    """Adds a named output, which later tasks see as tasks.NAME.outputs."""
    path = os.environ.get("SJE_OUTPUTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{name}={json.dumps(value)}\n")


def main():
    parameters = read_json("SJE_PARAMETERS", {})
    steps = int(parameters.get("steps", 10))
    pause = float(parameters.get("pause", 0.2))
    state = read_json("SJE_CHECKPOINT", {"done": 0, "sum": 0})
    first = state["done"]
    print(f"starting at step {first + 1} of {steps}" if first else f"starting with {steps} steps", flush=True)

    # A stop arrives as SIGTERM. Ending the normal way lets the last checkpoint stand.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for step in range(first + 1, steps + 1):
        time.sleep(pause)
        state = {"done": step, "sum": state["sum"] + step}
        save_checkpoint(state)
        print(f"::progress {step / steps:.4f} step {step} of {steps}", flush=True)
        print(f"::metric steps_done {step}", flush=True)

    put_out("sum", state["sum"])
    put_out("resumedAt", first)
    print(f"the sum is {state['sum']}", flush=True)


if __name__ == "__main__":
    main()
