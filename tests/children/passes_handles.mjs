// Sends a connected socket with a message, then plain messages; takes what it is sent and writes into it.
import net from "node:net";
process.on("message", (message, handle) => {
  if (handle) {
    handle.end(`node got ${message}`);
    process.send("wrote");
    return;
  }
  const socket = net.connect(message.port, "127.0.0.1", () => {
    process.send("here it is", socket, () => {});
    for (let i = 0; i < 3; i++) process.send(i);
  });
});
