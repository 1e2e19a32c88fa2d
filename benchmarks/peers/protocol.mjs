// How a contender on Node is asked and how it answers: the protocol of protocol.py and the race of race.py, unchanged.
// Packages are found in the folder that the process is started in.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";

const WRITERS = 12;
const LARGEST = 5;
const PAGE = 200;
const LARGE_PAGE = 1000;

export const load = createRequire(join(process.cwd(), "package.json"));

/** The version of a package that `load` finds. */
export const version = (name) =>
  JSON.parse(readFileSync(join(process.cwd(), "node_modules", name, "package.json"), "utf8")).version;

/** Which two parties met, such as `CA FR`. */
export const pair = (event) => [...event.data.parties].sort().join(" ");

/** The counts of the meetings of each pair. */
export const tally = (events, counts = new Map()) => {
  for (const event of events) counts.set(pair(event), (counts.get(pair(event)) ?? 0) + 1);
  return counts;
};

/** Do what the command line asks and print the answer. `open(url)` gives {append, read, view, close}. */
export const main = async (open, packages) => {
  const number = (fallback) => ({ type: "string", default: String(fallback) });
  const options = { database: { type: "string" }, events: { type: "string" }, skip: number(0), count: number(1e9) };
  Object.assign(options, { batch: number(1), writers: number(1) });
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const store = await open(values.database);
  const command = positionals[0];
  const answer = await { append, fold, view, race }[command](store, values);
  await store.close();
  const versions = { Node: process.versions.node };
  for (const name of packages) versions[name] = version(name);
  console.log(JSON.stringify({ ...answer, measure: command, versions }));
};

const read = ({ events, skip, count }) => {
  const lines = readFileSync(events, "utf8").trimEnd().split("\n");
  return lines.slice(Number(skip), Number(skip) + Number(count)).map((line) => JSON.parse(line));
};

const rate = (events, started) => {
  const seconds = (performance.now() - started) / 1000;
  return { events, seconds: Number(seconds.toFixed(3)), per_second: Number((events / seconds).toFixed(1)) };
};

const percentile = (waits, n) => {
  const ranked = [...waits].sort((one, other) => one - other);
  return Number(ranked[Math.min(ranked.length - 1, Math.floor((ranked.length * n) / 100))].toFixed(2));
};

const append = async (store, asked) => {
  const events = read(asked);
  const batches = [];
  for (let at = 0; at < events.length; at += Number(asked.batch)) batches.push(events.slice(at, at + Number(asked.batch)));
  const waits = [];
  const todo = batches.values();
  const started = performance.now();
  const work = async () => {
    for (const batch of todo) {
      const asking = performance.now();
      await store.append(batch);
      waits.push(performance.now() - asking);
    }
  };
  await Promise.all(Array.from({ length: Number(asked.writers) }, work));
  const answer = rate(events.length, started);
  return { ...answer, p50_ms: percentile(waits, 50), p99_ms: percentile(waits, 99), batch: Number(asked.batch) };
};

const fold = async (store) => {
  const counts = new Map();
  let [last, total] = [0n, 0];
  const started = performance.now();
  for (;;) {
    const page = await store.read(last, LARGE_PAGE);
    if (page.events.length === 0) return { ...rate(total, started), pairs: counts.size };
    tally(page.events, counts);
    total += page.events.length;
    last = page.last;
  }
};

const view = async (store) => {
  const started = performance.now();
  return rate(await store.view(), started);
};

const race = async (store, asked) => {
  const events = read(asked);
  const committed = new Set();
  const seen = new Map();
  const failures = [];
  let done = false;
  const write = async (nth) => {
    const share = events.filter((_, at) => at % WRITERS === nth);
    while (share.length > 0) {
      const batch = share.splice(0, 1 + Math.floor(Math.random() * LARGEST));
      try {
        await store.append(batch);
        for (const event of batch) committed.add(event.id);
      } catch (error) {
        failures.push(String(error).slice(0, 200));
      }
    }
  };
  const follow = async () => {
    let last = 0n;
    for (;;) {
      const ending = done;
      const page = await store.read(last, PAGE);
      for (const event of page.events) seen.set(event.id, (seen.get(event.id) ?? 0) + 1);
      last = page.last;
      if (page.events.length === 0) {
        if (ending) return;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  };
  const reader = follow();
  await Promise.all(Array.from({ length: WRITERS }, (_, nth) => write(nth)));
  done = true;
  await reader;
  const skipped = [...committed].filter((id) => !seen.has(id)).length;
  const twice = [...seen.values()].filter((times) => times > 1).length;
  return { committed: committed.size, skipped, twice, failed_appends: failures.length, failure: failures[0] ?? null };
};
