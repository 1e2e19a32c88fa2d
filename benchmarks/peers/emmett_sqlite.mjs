// Emmett on SQLite (`@event-driven-io/emmett-sqlite`).
//
// As its documentation has it: one event store on a file, which opens a connection for each append. It turns the
// write-ahead log on and leaves synchronous=FULL. Writers that append at once make each other fail (of twelve, most
// appends ended with SQLITE_BUSY after its second of waiting), so here appends queue for each other, in the race too.
// The view is a raw batch SQL projection run by its consumer, which hands it events one by one, a transaction per
// batch, with batches of 1,000 instead of 100 and no pause but its own of 100 ms after the first.

import { load, main, tally } from "./protocol.mjs";

const emmett = load("@event-driven-io/emmett-sqlite");

const CREATE = "CREATE TABLE IF NOT EXISTS tallies (pair text PRIMARY KEY, count bigint NOT NULL)";
const COUNT = "ON CONFLICT (pair) DO UPDATE SET count = tallies.count + excluded.count";

const open = async (url) => {
  const fileName = url.replace("sqlite:///", "");
  const store = emmett.getSQLiteEventStore({ fileName });
  await store.schema.migrate();
  const connection = emmett.sqliteConnection({ fileName });
  const { synchronous } = await connection.querySingle("PRAGMA synchronous");
  if (synchronous !== 2) throw new Error("SQLite does not run with synchronous=FULL");
  let last = Promise.resolve();
  const one = (events) =>
    store.appendToStream(
      `meeting-${events[0].id}`,
      events.map((event) => ({ type: "MeetingHeld", data: event })),
      { expectedStreamVersion: "STREAM_DOES_NOT_EXIST" },
    );
  const queued = (events) => {
    last = last.then(() => one(events));
    return last;
  };
  return {
    append: queued,
    read: async (after, batchSize) => {
      const page = await emmett.readMessagesBatch(connection, { after, batchSize });
      return { events: page.messages.map((message) => message.data), last: page.currentGlobalPosition };
    },
    view: async () => {
      const { last: end } = await connection.querySingle("SELECT max(global_position) AS last FROM emt_messages");
      let counted = 0;
      const projection = emmett.sqliteRawBatchSQLProjection({
        name: "tallies",
        canHandle: ["MeetingHeld"],
        evolve: (events) => {
          counted += events.length;
          const counts = tally(events.map((event) => event.data));
          return [`INSERT INTO tallies VALUES ${[...counts].map(([p, n]) => `('${p}', ${n})`).join(",")} ${COUNT}`];
        },
      });
      await connection.command(CREATE);
      const consumer = store.consumer({ pulling: { batchSize: 1000, pullingFrequencyInMs: 0 } });
      consumer.processor({
        processorId: "tallies",
        projection,
        startFrom: "BEGINNING",
        stopAfter: (message) => message.metadata.globalPosition >= end,
      });
      await consumer.start();
      await consumer.close();
      return counted;
    },
    close: async () => connection.close(),
  };
};

await main(open, ["@event-driven-io/emmett", "@event-driven-io/emmett-sqlite", "sqlite3"]);
