"""Usage: talks_in_numbers.py COUNT PAUSE_S: sends 0, 1, 2 … through its channel, each with its double, and ends.

A message from the other side is sent back at once, as {"heard": it}; a question is answered with itself. The channel's
end, before all is sent, is an end with code 7.
"""

import sys
import threading
import time

from procession import child


def listen():
    for message in child.messages():
        if isinstance(message, child.Request):
            message.answer(message.body)
        else:
            child.send({"heard": message})


threading.Thread(target=listen, daemon=True).start()
for number in range(int(sys.argv[1])):
    if not child.send([number, 2 * number]):
        time.sleep(0.001)  # it is taken, and much already waits to be heard
    if pause_s := float(sys.argv[2]):
        time.sleep(pause_s)
