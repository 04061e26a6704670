"""A training run: one bar that is drawn over and over with a carriage return, and a line per epoch."""

import math
import time

EPOCHS, STEPS, WIDTH = 3, 60, 30

for epoch in range(1, EPOCHS + 1):
    for step in range(1, STEPS + 1):
        loss = 2.3 * math.exp(-(epoch * STEPS + step) / 90)
        bar = "#" * (WIDTH * step // STEPS)
        done = f"epoch {epoch}/{EPOCHS} [{bar:<{WIDTH}}] {100 * step // STEPS:3}%"
        print(f"\r{done}  loss {loss:.4f}", end="", flush=True)
        time.sleep(0.015)
    print(f"\nepoch {epoch} done, loss {loss:.4f}", flush=True)
