// Node's 'data' events. Argument: how many bytes.

import { spawn } from 'node:child_process';
import { WARM_UP_BYTES, expectSuccess, measure } from '../harness.mjs';

await measure(capture, Number(process.argv[2]), WARM_UP_BYTES);

async function capture(bytes) {
  const child = spawn('head', ['-c', String(bytes), '/dev/zero'], {
    stdio: ['ignore', 'pipe', 'ignore'], detached: true,
  });
  let total = 0;
  child.stdout.on('data', (chunk) => { total += chunk.length; });
  expectSuccess(await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)));
  return total;
}
