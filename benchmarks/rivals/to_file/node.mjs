// Node's pipe into a file stream. Arguments: how many bytes, and the directory to write to.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WARM_UP_BYTES, expectSuccess, measure } from '../harness.mjs';

const [amount, directory] = process.argv.slice(2);
await measure(capture, Number(amount), WARM_UP_BYTES);

async function capture(bytes) {
  const path = join(directory, `output-${bytes}`);
  const child = spawn('head', ['-c', String(bytes), '/dev/zero'], {
    stdio: ['ignore', 'pipe', 'ignore'], detached: true,
  });
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const file = child.stdout.pipe(createWriteStream(path));
  await new Promise((resolve, reject) => file.once('error', reject).once('close', resolve));
  expectSuccess(await ended);
  return (await stat(path)).size;
}
