#!/bin/bash
# From Maven: Apache Kafka to compare with and its tools (GRETE_CACHE/kafka-reference), the Java client's driver
# (java), the jars whose message definitions our schemas are compared with (schemas), Kafka's own tests (apache-kafka).
set -euo pipefail
. "$(dirname "$0")/part.sh"
part java "$0" "$compat_folder/java/pom.xml" "$compat_folder"/java/src/main/java/*.java "$compat_folder/kafka-reference/pom.xml" \
  "$compat_folder"/kafka-reference/src/*.java "$compat_folder/apache-kafka/pom.xml" \
  "$(cd "$compat_folder/apache-kafka" && find src -type f -exec sha256sum {} + | sort)"
maven() { mvn -q -B -ntp -Dstyle.color=never "$@" >>"$part_log" 2>&1; }

libraries() { # POM OUT
  rm -rf "$2"; mkdir -p "$2"
  maven -f "$1" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$2"
}
compile() { # FOLDER WITH LIB AND CLASSES, SOURCES
  rm -rf "$1/classes"; mkdir -p "$1/classes"
  javac -nowarn -proc:none -parameters --release 17 -d "$1/classes" -cp "$1/lib/*" $(find "$2" -name '*.java') >>"$part_log" 2>&1
}

reference=$GRETE_CACHE/kafka-reference
rm -rf "$reference"
libraries "$compat_folder/kafka-reference/pom.xml" "$reference/lib"
compile "$reference" "$compat_folder/kafka-reference/src"
jar cf "$reference/main.jar" -C "$reference/classes" . # a class data archive wants jars alone
libraries "$compat_folder/java/pom.xml" "$GRETE_CACHE/java/lib"
compile "$GRETE_CACHE/java" "$compat_folder/java/src/main/java"
libraries "$compat_folder/apache-kafka/pom.xml" "$GRETE_CACHE/apache-kafka/lib"
compile "$GRETE_CACHE/apache-kafka" "$compat_folder/apache-kafka/src/main/java"
cp -r "$compat_folder/apache-kafka/src/main/resources/." "$GRETE_CACHE/apache-kafka/classes"

rm -rf "$GRETE_CACHE/schemas"
for version in 4.4.0 3.9.1; do
  maven org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="org.apache.kafka:kafka-clients:$version" -DoutputDirectory="$GRETE_CACHE/schemas"
done
echo "setup: Kafka's message definitions: $GRETE_CACHE/schemas/kafka-clients-{4.4.0,3.9.1}.jar"
part_done
