"""A training run as people write them: 120 steps, saves itself on USR1 and before it ends, goes on with --from FILE.

While a file called ``hold`` is there it comes no further than step 20, for those who need their time.
``begun.log``: where each attempt began; ``steps.log``: what was done. STEP_S: how long a step takes. ENDS_WELL: asked
to end, it exits with code 0.
"""

import json
import os
import signal
import sys
import time

from procession import child

STEPS = 120
HELD_AT = 20
STEP_S = float(os.environ.get("STEP_S", "0.01"))
wanted = []


def save(step):
    """Write where it stands, and say so."""
    with open("train.ckpt", "w") as file:
        json.dump({"step": step}, file)
    child.checkpoint_saved("train.ckpt")


def main():
    """Do each step once."""
    signal.signal(signal.SIGUSR1, lambda *_: wanted.append("save"))
    signal.signal(signal.SIGTERM, lambda *_: wanted.append("end"))
    step = 0
    if "--from" in sys.argv:
        with open(sys.argv[-1]) as file:
            step = json.load(file)["step"]
        with open("steps.log", "r+") as done:  # what was done since then is done anew
            kept = [each for each in done.read().split() if int(each) <= step]
            done.seek(0)
            done.truncate()
            done.writelines(f"{each}\n" for each in kept)
    with open("begun.log", "a") as begun:
        begun.write(f"{step}\n")
    log = open("steps.log", "a", buffering=1)
    if step == 0:
        log.write("0\n")
    while step < STEPS:
        time.sleep(STEP_S)
        if step != HELD_AT or not os.path.exists("hold"):
            step += 1
            log.write(f"{step}\n")
            child.progress(step / STEPS)
        if wanted:
            save(step)
            if "end" in wanted:
                sys.exit(0 if "ENDS_WELL" in os.environ else 143)
            wanted.remove("save")


main()
