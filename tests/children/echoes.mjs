// Sends back every message as it came, after a greeting; ends when the channel does.
process.on("message", (message) => process.send(message));
process.send({ hello: process.version });
