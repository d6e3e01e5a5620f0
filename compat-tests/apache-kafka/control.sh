#!/bin/bash
# The control, for BROKER_CMD: Apache Kafka, started quickly. KAFKA_QUICK=archive: see there.
exec env KAFKA_QUICK="${KAFKA_QUICK:-1}" KAFKA_HEAP="${KAFKA_HEAP:--Xms128m -Xmx512m}" "$(dirname "$0")/../kafka-reference/broker.sh" "$1"
