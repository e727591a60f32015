// What both programs need of Keepup: where it is, its topics' names, and headers as text.
import { Kafka, logLevel } from 'kafkajs';
import { SchemaRegistryClient } from '@confluentinc/schemaregistry';

export const EVENTS = 'keepup.events.v1';
export const NODE_COMMANDS = 'keepup.commands.node.v1';

/** Clients of the cluster that the environment names; by default that of `keepup up` on this machine. */
export function connect(clientId) {
  const brokers = (process.env.KEEPUP_BOOTSTRAP ?? '127.0.0.1:9092').split(',');
  const baseURLs = (process.env.KEEPUP_REGISTRY ?? 'http://127.0.0.1:8081').split(',');
  return {
    kafka: new Kafka({ clientId, brokers, logLevel: logLevel.ERROR }),
    registry: new SchemaRegistryClient({ baseURLs }),
  };
}

/** Header values are UTF-8 text. */
export function headersOf(message) {
  return Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, value.toString()]));
}

/** Says what went wrong in one line and ends the program. */
export function fail(error) {
  console.error(`${process.argv[1]}: ${error.message ?? error}`);
  process.exit(1);
}
