"""Asks its terminal several questions one by one, each cut in two, and waits for every answer; prints what it got."""

import os
import select
import time
import tty

QUESTIONS = (b"\x1b[6n", b"\x1b[5n", b"\x1b[c", b"\x1b[>c", b"\x1b[>q", b"\x1bP+q544e\x1b\\")

tty.setraw(0)
answers = []
os.write(1, b"12345")
for question in QUESTIONS:
    os.write(1, question[:2])
    time.sleep(0.005)
    os.write(1, question[2:])
    answer = b""
    if select.select([0], [], [], 5)[0]:
        answer = os.read(0, 100)
    answers.append(answer)
os.write(1, ("\n" + repr(answers) + "\n").encode())
