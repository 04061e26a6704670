"""Counts the words of the texts it is given, says how far it is, and can be asked meanwhile."""

from procession import child


def main() -> None:
    """Take texts until there are no more."""
    total = 0
    child.ready("waiting for texts")
    for message in child.messages():
        if isinstance(message, child.Request):
            message.answer({"words so far": total})
            continue
        for index, text in enumerate(message["texts"], start=1):
            total += len(text.split())
            child.progress(index / len(message["texts"]), phase="counting")
        child.send({"words": total})
    child.status(f"{total} words in all")
    child.done({"words": total})


if __name__ == "__main__":
    main()
