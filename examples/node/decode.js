// Prints every record on every topic of Keepup as one line of JSON, from the beginning on, until it is ended.
import { AvroDeserializer, SerdeType, SubjectNameStrategyType } from '@confluentinc/schemaregistry';
import { connect, fail, headersOf } from './keepup.js';

const { kafka, registry } = connect('keepup-example-decode');
const deserializer = new AvroDeserializer(registry, SerdeType.VALUE, {
  subjectNameStrategyType: SubjectNameStrategyType.TOPIC_RECORD,
});

// Payloads of the lanes are bytes; JSON has none.
const plain = (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value);

async function print(topic, partition, message) {
  const value = message.value && (await deserializer.deserialize(topic, message.value));
  const line = {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString(),
    headers: headersOf(message),
    value, // null: a tombstone
  };
  console.log(JSON.stringify(line, plain));
}

async function main() {
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => /^keepup\..+\.v1$/.test(topic));
  await admin.disconnect();

  // kafkajs reads committed records only unless told otherwise: as it should be, the fold writes in transactions.
  const consumer = kafka.consumer({ groupId: `keepup-example-decode-${process.pid}-${Date.now()}` });
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ topic, partition, message }) => print(topic, partition, message),
  });
}

main().catch(fail);
