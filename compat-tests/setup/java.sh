#!/bin/bash
# From Maven: Apache Kafka to compare with and its tools (GRETE_CACHE/kafka-reference), the Java client's driver
# (java), an application of Kafka Streams (kafka-streams), the jars whose message definitions our schemas are compared with
# (schemas), Kafka's own tests (apache-kafka). Each is a part of its own: a driver that changes takes nobody's broker away.
set -euo pipefail
. "$(dirname "$0")/part.sh"
maven() { mvn -q -B -ntp -Dstyle.color=never "$@" >>"$part_log" 2>&1; }

libraries() { # POM OUT
  rm -rf "$2"; mkdir -p "$2"
  maven -f "$1" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$2"
}
compile() { # OUT, FOLDER OF JARS, SOURCES
  rm -rf "$1.new" "$1.old"; mkdir -p "$1.new"
  javac -nowarn -proc:none -parameters --release 17 -d "$1.new" -cp "$2/*" $(find "$3" -name '*.java') >>"$part_log" 2>&1
  [ ! -d "$1" ] || mv "$1" "$1.old"
  mv "$1.new" "$1"; rm -rf "$1.old"
}
sources() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }

reference=$GRETE_CACHE/kafka-reference
(
  part java-reference-jars "$compat_folder/kafka-reference/pom.xml"
  libraries "$compat_folder/kafka-reference/pom.xml" "$reference/lib"
  part_done
)
(
  part java-reference "$compat_folder/kafka-reference/pom.xml" "$(sources "$compat_folder/kafka-reference/src")"
  rm -f "$reference/classes.jsa" # of other classes
  compile "$reference/classes" "$reference/lib" "$compat_folder/kafka-reference/src"
  jar cf "$reference/main.jar.new" -C "$reference/classes" . # a class data archive wants jars alone
  mv "$reference/main.jar.new" "$reference/main.jar"
  "$compat_folder/kafka-reference/make-archive.sh" >>"$part_log" 2>&1 || true # without it Kafka starts, slower
  part_done
)
(
  part data-directory "$compat_folder/kafka-reference/pom.xml" "$(sources "$compat_folder/data-directory/src")"
  mkdir -p "$GRETE_CACHE/data-directory"
  compile "$GRETE_CACHE/data-directory/classes" "$reference/lib" "$compat_folder/data-directory/src"
  part_done
)
(
  part java-client "$compat_folder/java/pom.xml"
  libraries "$compat_folder/java/pom.xml" "$GRETE_CACHE/java/lib"
  part_done
)
(
  part java-driver "$compat_folder/java/pom.xml" "$(sources "$compat_folder/java/src")"
  compile "$GRETE_CACHE/java/classes" "$GRETE_CACHE/java/lib" "$compat_folder/java/src/main/java"
  part_done
)
(
  part kafka-streams "$compat_folder/kafka-reference/pom.xml" "$(sources "$compat_folder/kafka-streams/src")"
  mkdir -p "$GRETE_CACHE/kafka-streams"
  compile "$GRETE_CACHE/kafka-streams/classes" "$reference/lib" "$compat_folder/kafka-streams/src"
  part_done
)
(
  part apache-kafka "$compat_folder/apache-kafka/pom.xml" "$(sources "$compat_folder/apache-kafka/src")"
  libraries "$compat_folder/apache-kafka/pom.xml" "$GRETE_CACHE/apache-kafka/lib"
  compile "$GRETE_CACHE/apache-kafka/classes" "$GRETE_CACHE/apache-kafka/lib" "$compat_folder/apache-kafka/src/main/java"
  cp -r "$compat_folder/apache-kafka/src/main/resources/." "$GRETE_CACHE/apache-kafka/classes"
  part_done
)
(
  part schemas 4.4.0 3.9.1
  rm -rf "$GRETE_CACHE/schemas"
  for version in 4.4.0 3.9.1; do
    maven org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
      -Dartifact="org.apache.kafka:kafka-clients:$version" -DoutputDirectory="$GRETE_CACHE/schemas"
  done
  echo "setup: Kafka's message definitions: $GRETE_CACHE/schemas/kafka-clients-{4.4.0,3.9.1}.jar"
  part_done
)
