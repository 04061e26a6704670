// Node's child_process.spawn. Arguments: how many, the program, how many at once.

import { spawn } from 'node:child_process';
import { WARM_UP_SPAWNS, expectSuccess, measure } from '../harness.mjs';

const [amount, program, atOnce] = process.argv.slice(2);
await measure((n) => takeTurns(n, Number(atOnce)), Number(amount), WARM_UP_SPAWNS);

async function takeTurns(n, atOnce) {
  let begun = 0;
  let done = 0;
  const work = async () => {
    while (begun < n) {
      begun += 1;
      await spawnOne();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, n) }, work));
  return done;
}

async function spawnOne() {
  const child = spawn(program, [], { stdio: 'ignore', detached: true });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  expectSuccess(code);
}
