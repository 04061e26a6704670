// Not a rival but the other side of some: sends every message back.

process.on('message', (message) => process.send(message));
