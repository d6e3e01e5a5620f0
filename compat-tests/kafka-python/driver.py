"""Drives kafka-python: today's version, and the 2.0.2 that Debian ships."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from kafka import KafkaConsumer, KafkaProducer, TopicPartition  # noqa: E402
from kafka.admin import KafkaAdminClient, NewTopic  # noqa: E402

from command_loop import Member, member_commands, run_commands  # noqa: E402

BOOTSTRAP = sys.argv[1]


def create_topic(topic, partitions):
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    admin.create_topics([NewTopic(topic, partitions, 1)])
    admin.close()


def produce(topic, codec, headers, records):
    producer = KafkaProducer(
        bootstrap_servers=BOOTSTRAP, acks="all", linger_ms=20, compression_type=None if codec == "none" else codec
    )
    pairs = [(name, value.encode()) for name, value in headers.items()]
    sent = [producer.send(topic, key=r["key"].encode(), value=r["value"].encode(), headers=pairs) for r in records]
    producer.flush()
    for future in sent:
        future.get(timeout=30)
    producer.close()


def to_record(record):
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key.decode(),
        "value": record.value.decode(),
        "headers": {name: value.decode() for name, value in record.headers},
    }


def read_all(topics):
    consumer = KafkaConsumer(bootstrap_servers=BOOTSTRAP, enable_auto_commit=False, auto_offset_reset="earliest")
    partitions = [TopicPartition(topic, p) for topic in topics for p in consumer.partitions_for_topic(topic)]
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    records = []
    while any(consumer.position(p) < ends[p] for p in partitions):
        for polled in consumer.poll(timeout_ms=200).values():
            records += [to_record(record) for record in polled]
    consumer.close()
    return {"records": records}


class GroupMember(Member):
    def __init__(self, group, topic, limit):
        super().__init__(limit)
        self.consumer = KafkaConsumer(
            bootstrap_servers=BOOTSTRAP,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10000,
            heartbeat_interval_ms=500,
            fetch_max_wait_ms=200,
            max_poll_records=10,
        )
        # A leader that gets the topic's metadata while it joins, or after it has joined, assigns nothing or joins once more (3.0.12), and a
        # commit in the midst of that fails. So it gets them first, and as one that subscribes to the topic.
        self.consumer.partitions_for_topic(topic)
        self.consumer.subscribe([topic])
        self.consumer.topics()

    def poll_once(self, paused):
        if paused:
            self.consumer.pause(*self.consumer.assignment())
        return [to_record(r) for polled in self.consumer.poll(timeout_ms=100).values() for r in polled]

    def assignment(self):
        return [p.partition for p in self.consumer.assignment()]

    def commit_positions(self):
        self.consumer.commit()

    def close_consumer(self):
        self.consumer.close()


run_commands(
    {"createTopic": create_topic, "produce": produce, "readAll": read_all, **member_commands(GroupMember)}
)
