// Assigns a volume, as a master does, and prints the commands that follow from it.
//
//   node assign.js VOLUME EPOCH PRIMARY [REPLICA ...]
import { randomUUID } from 'node:crypto';
import { Partitioners } from 'kafkajs';
import { AvroDeserializer, AvroSerializer, SerdeType, SubjectNameStrategyType } from '@confluentinc/schemaregistry';
import { connect, EVENTS, fail, headersOf, NODE_COMMANDS } from './keepup.js';

const RECORD = 'io.keepup.v1.AssignmentDelivered';
const LIMIT_MS = 60_000;

const [volumeId, epoch, primary, ...replicas] = process.argv.slice(2);
if (!primary) {
  fail('usage: node assign.js VOLUME EPOCH PRIMARY [REPLICA ...]');
}

const { kafka, registry } = connect('keepup-example-assign');
const serializer = new AvroSerializer(registry, SerdeType.VALUE, {
  autoRegisterSchemas: false, // whoever creates the topics registers their schemas
  useLatestVersion: true,
  subjectNameStrategy: (topic) => `${topic}-${RECORD}`,
});
const deserializer = new AvroDeserializer(registry, SerdeType.VALUE, {
  subjectNameStrategyType: SubjectNameStrategyType.TOPIC_RECORD,
});

/** One event for each node: replicas know of no others, the primary of all replicas. */
function assignment(nodeId, role, members) {
  return {
    meta: {
      eventId: randomUUID(),
      volumeId,
      nodeId,
      epoch: Number(epoch),
      occurredAt: Date.now(),
      source: 'master',
    },
    role,
    replicas: members.map((replicaId) => ({ replicaId, dataAddr: '', ctrlAddr: '' })),
    sizeBytes: 0, // 0: what the volume has, or the default
    blockSize: 0,
  };
}

/** Publishes an event; its place on the topic, by which its commands name it. */
async function publish(producer, event) {
  const [{ partition, baseOffset }] = await producer.send({
    topic: EVENTS,
    acks: -1,
    messages: [
      {
        key: volumeId,
        value: await serializer.serialize(EVENTS, event),
        headers: {
          ce_id: event.meta.eventId,
          ce_type: RECORD,
          ce_source: '/keepup/master',
          ce_time: new Date(event.meta.occurredAt).toISOString(),
          ce_specversion: '1.0',
        },
      },
    ],
  });
  return `${EVENTS}/${partition}/${baseOffset}`;
}

async function main() {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(NODE_COMMANDS);
  await admin.disconnect();

  // Idempotent and in no transaction: the fold would wait for its end. This partitioner agrees with Java's.
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const expected = new Set();
  const causes = new Set();
  for (const replica of replicas) {
    causes.add(await publish(producer, assignment(replica, 'replica', [])));
    expected.add(`ApplyRole ${replica}`).add(`StartReceiver ${replica}`);
  }
  causes.add(await publish(producer, assignment(primary, 'primary', replicas)));
  expected.add(`ApplyRole ${primary}`);
  if (replicas.length > 0) {
    expected.add(`ConfigureShipper ${primary}`);
  }
  await producer.disconnect();

  const consumer = kafka.consumer({ groupId: `keepup-example-assign-${process.pid}-${Date.now()}` });
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  setTimeout(
    () => fail(`no ${[...expected].join(', ')} within 60 s: is the Streams app up? keepup.rejected.v1 says what it refused`),
    LIMIT_MS,
  );
  await consumer.connect();
  await consumer.subscribe({ topics: [NODE_COMMANDS], fromBeginning: true });
  let done;
  const allCame = new Promise((resolve) => (done = resolve));
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, message }) => {
      const headers = headersOf(message);
      const cause = `${headers.keepup_cause_topic}/${headers.keepup_cause_partition}/${headers.keepup_cause_offset}`;
      if (!causes.has(cause)) {
        return;
      }
      const command = headers.ce_type.replace('io.keepup.v1.', '');
      console.log(JSON.stringify({ command, headers, value: await deserializer.deserialize(topic, message.value) }));
      expected.delete(`${command} ${message.key}`);
      if (expected.size === 0) {
        done();
      }
    },
  });
  ends.forEach(({ partition, offset }) => consumer.seek({ topic: NODE_COMMANDS, partition, offset }));
  await allCame;
  await consumer.disconnect();
  process.exit(0);
}

main().catch(fail);
