// Node's readline. Arguments: how often the file, and the file.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expectSuccess, measure } from '../harness.mjs';

const [repeats, path] = process.argv.slice(2);
await measure(countLines, Number(repeats), 1);

async function countLines(repeats) {
  const child = spawn('cat', Array(repeats).fill(path), { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  let count = 0;
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
  lines.on('line', () => { count += 1; });
  expectSuccess(await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)));
  return count;
}
