// Node's fork. Arguments: how many, their size, how (depth1, pipelined).

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measure } from '../harness.mjs';

const [amount, size, how] = process.argv.slice(2);
const message = { text: 'x'.repeat(Number(size) - '{"text":""}'.length) };
const child = fork(fileURLToPath(new URL('echoes.mjs', import.meta.url)));
await measure(how === 'depth1' ? takeTurns : pour, Number(amount), 200);
child.disconnect();

// Each answer is waited for.
function takeTurns(n) {
  return new Promise((resolve) => {
    let count = 0;
    const hear = (answer) => {
      count += answer.text === message.text;
      if (count === n) {
        child.off('message', hear);
        resolve(count);
      } else {
        child.send(message);
      }
    };
    child.on('message', hear);
    child.send(message);
  });
}

// All are sent as fast as they are taken, while the answers come.
function pour(n) {
  return new Promise((resolve) => {
    let sent = 0;
    let count = 0;
    const sendOn = () => {
      while (sent < n) {
        sent += 1;
        if (!child.send(message, sent < n ? undefined : () => {})) {
          setImmediate(sendOn);
          return;
        }
      }
    };
    const hear = (answer) => {
      count += answer.text === message.text;
      if (count === n) {
        child.off('message', hear);
        resolve(count);
      }
    };
    child.on('message', hear);
    sendOn();
  });
}
