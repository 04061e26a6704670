// Forks a Python program (first argument) as Node forks its children, and plays one scene with it (second argument).
// Prints one JSON object about what happened.
import { fork } from "node:child_process";
import net from "node:net";

const [program, scene, python] = process.argv.slice(2);
const options = { execPath: python, execArgv: [], serialization: scene === "advanced" ? "advanced" : "json" };
const child = fork(program, [scene], options);
const heard = [];
const told = { scene };
child.on("message", (message, handle) => {
  heard.push(message);
  acts[scene]?.(message, handle);
});
child.on("disconnect", () => (told.disconnected = true));
child.on("exit", (code, signal) => {
  console.log(JSON.stringify({ ...told, code, signal, heard: scene === "many" ? heard.length : heard.slice(0, 10) }));
  process.exit(0);
});

const COUNT = 10000;
const text = "\u2028\u2029\0\n\"é😀";
const acts = {
  many(message) {
    const n = heard.length - 1;
    if (n === 0) for (let i = 0; i < COUNT; i++) child.send({ n: i, text });
    else if (message.n !== n - 1 || message.text !== text) told.wrong = message;
    if (n === COUNT) child.disconnect();
  },
  large(message) {
    if (heard.length === 1) child.send("x".repeat(10 << 20));
    else {
      told.size = message.length;
      heard[1] = "large";
      child.disconnect();
    }
  },
  early() {
    if (heard.length === 100) child.disconnect();
  },
  asks(message) {
    if (message === "hello") return child.send({ $request: 7, $body: 21 });
    if (message === "done") return child.disconnect();
    if (message.$answer === 7) told.answer = message.$body;
    if ("$request" in message) child.send({ $answer: message.$request, $body: message.$body + 1 });
  },
  handles(message, handle) {
    if (message === "hello") {
      const server = net.createServer((socket) => child.send("for you", socket)).listen(0, "127.0.0.1", () => {
        net.connect(server.address().port, "127.0.0.1").on("data", (data) => (told.fromChild = String(data)));
        server.unref();
      });
    } else if (handle) {
      handle.end("node was here");
    } else if (message === "after") {
      told.after = true;
    } else if (message.read !== undefined) {
      told.read = message.read;
      child.disconnect();
    }
  },
  large_at_exit(message) {
    heard[0] = message.length;
  },
  dies() {
    process.kill(process.pid, "SIGKILL");
  },
};
if (scene === "early") for (let i = 0; i < 100; i++) child.send(i);
