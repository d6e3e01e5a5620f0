"""Drives confluent-kafka for Python: today's version, and the 1.7 that Debian ships."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402

from command_loop import Member, member_commands, run_commands  # noqa: E402
from workers import worker_commands  # noqa: E402

BOOTSTRAP = sys.argv[1]


def create_topic(topic, partitions):
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    for made in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
        made.result(30)


def produce(topic, codec, headers, records):
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "acks": "all", "linger.ms": 20, "compression.codec": codec})
    failures = []

    def delivered(error, _):
        if error is not None:
            failures.append(error)

    for r in records:
        producer.produce(topic, key=r["key"], value=r["value"], headers=headers, on_delivery=delivered)
    left = producer.flush(30)
    if failures or left:
        raise RuntimeError("%d records were not delivered: %s" % (left or len(failures), failures[:1]))


def to_record(message):
    if message.error() is not None:
        raise KafkaException(message.error())
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "key": message.key().decode(),
        "value": message.value().decode(),
        "headers": {name: value.decode() for name, value in message.headers() or []},
    }


def create_consumer(group):
    return Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 10000,
            "heartbeat.interval.ms": 500,
            "fetch.wait.max.ms": 200,
        }
    )


def read_all(topics):
    consumer = create_consumer("unused")
    ends = {}
    for topic in topics:
        for partition in consumer.list_topics(topic, 30).topics[topic].partitions:
            end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1]
            if end > 0:
                ends[(topic, partition)] = end
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in ends])
    records = []
    while ends:
        for message in consumer.consume(500, 0.2):
            record = to_record(message)
            records.append(record)
            if record["offset"] + 1 >= ends.get((record["topic"], record["partition"]), record["offset"] + 2):
                del ends[(record["topic"], record["partition"])]
    consumer.close()
    return {"records": records}


class GroupMember(Member):
    def __init__(self, group, topic, limit):
        super().__init__(limit)
        self.consumer = create_consumer(group)
        self.positions = {}
        self.consumer.subscribe([topic])

    def poll_once(self, paused):
        if paused:
            self.consumer.pause(self.consumer.assignment())
        records = [to_record(message) for message in self.consumer.consume(10, 0.1)]
        for r in records:
            self.positions[r["partition"]] = TopicPartition(r["topic"], r["partition"], r["offset"] + 1)
        return records

    def assignment(self):
        return [p.partition for p in self.consumer.assignment()]

    def commit_positions(self):
        mine = set(self.assignment())
        offsets = [position for partition, position in self.positions.items() if partition in mine]
        for committed in self.consumer.commit(offsets=offsets, asynchronous=False):
            if committed.error is not None:
                raise KafkaException(committed.error)

    def close_consumer(self):
        self.consumer.close()


run_commands(
    {
        "createTopic": create_topic,
        "produce": produce,
        "readAll": read_all,
        **member_commands(GroupMember),
        **worker_commands(BOOTSTRAP),
    }
)
