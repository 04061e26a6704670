#!/bin/sh
# Bakes in three steps, and says so. `python3 -m procession.child` is the light form of `procession notify`.
set -e
say() { "${PYTHON:-python3}" -m procession.child "$@"; }

say ready
step=0
for phase in mixing resting baking; do
    say progress "$step/3" --phase "$phase"
    step=$((step + 1))
done
say progress 3/3
say status 'two loaves'
say done '{"loaves": 2}'
