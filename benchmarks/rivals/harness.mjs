// What every Node rival shares: warm up, measure, print one JSON line. The twin of harness.py.

import { readFileSync } from 'node:fs';

export const WARM_UP_BYTES = 1024 * 1024;
export const WARM_UP_SPAWNS = 16;

// Does the work twice, a little and then in full; `work` resolves to how much it really did.
export async function measure(work, amount, warmUp) {
  await work(warmUp);
  const cpuBefore = cpuSeconds();
  const began = performance.now();
  const n = await work(amount);
  const seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify({
    seconds, n, cpu_s: cpuSeconds() - cpuBefore, peak_rss_bytes: peakRssBytes(),
  }));
}

// Of this process and, on Linux, of the children it reaped: Node itself only tells its own.
function cpuSeconds() {
  const fields = readFields('/proc/self/stat');
  if (fields === null) return process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.reduce((sum, value) => sum + value, 0) / 100;
}

// What follows the name in parentheses, which may itself hold spaces.
function readFields(path) {
  const text = readText(path);
  return text && text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function peakRssBytes() {
  const match = /^VmHWM:\s+(\d+) kB/m.exec(readText('/proc/self/status') ?? '');
  return match && Number(match[1]) * 1024;
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

export function expectSuccess(code) {
  if (code !== 0) throw new Error(`the child ended with ${code}`);
}
