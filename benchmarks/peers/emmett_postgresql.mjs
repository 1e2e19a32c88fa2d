// Emmett on PostgreSQL (`@event-driven-io/emmett-postgresql`).
//
// As its documentation has it: one event store with its pool of connections; a batch is one appendToStream, which is
// one call of a function in the database; reading is what its consumer does, and the view is a raw batch SQL projection
// that `rebuildPostgreSQLProjections` builds, with batches of 1,000 instead of 100 and no pause between them.

import { load, main, tally } from "./protocol.mjs";

const emmett = load("@event-driven-io/emmett-postgresql");
const { dumbo, sql } = load("@event-driven-io/dumbo");

const CREATE = "CREATE TABLE IF NOT EXISTS tallies (pair text PRIMARY KEY, count bigint NOT NULL)";
const COUNT = `INSERT INTO tallies SELECT split_part(one, '=', 1), split_part(one, '=', 2)::bigint
  FROM unnest(string_to_array(%L, ',')) AS one ON CONFLICT (pair) DO UPDATE SET count = tallies.count + excluded.count`;

const open = async (connectionString) => {
  const store = emmett.getPostgreSQLEventStore(connectionString);
  await store.schema.migrate();
  const { execute, close } = dumbo({ connectionString });
  return {
    append: (events) =>
      store.appendToStream(
        `meeting-${events[0].id}`,
        events.map((event) => ({ type: "MeetingHeld", data: event })),
        { expectedStreamVersion: "STREAM_DOES_NOT_EXIST" },
      ),
    read: async (after, batchSize) => {
      const page = await emmett.readMessagesBatch(execute, { after, batchSize });
      return { events: page.messages.map((message) => message.data), last: page.currentGlobalPosition };
    },
    view: async () => {
      let counted = 0;
      const projection = emmett.postgreSQLRawBatchSQLProjection({
        name: "tallies",
        canHandle: ["MeetingHeld"],
        init: () => sql(CREATE),
        evolve: (events) => {
          counted += events.length;
          const counts = tally(events.map((event) => event.data));
          return [sql(COUNT, [...counts].map(([pair, count]) => `${pair}=${count}`).join(","))];
        },
      });
      await execute.command(sql(CREATE));
      const pulling = { batchSize: 1000, pullingFrequencyInMs: 0 };
      const consumer = emmett.rebuildPostgreSQLProjections({
        connectionString,
        pulling,
        projections: [{ projection, truncateOnStart: false }],
      });
      await consumer.start();
      await consumer.close();
      return counted;
    },
    close: async () => {
      await close();
      await store.close();
    },
  };
};

await main(open, ["@event-driven-io/emmett", "@event-driven-io/emmett-postgresql", "pg"]);
