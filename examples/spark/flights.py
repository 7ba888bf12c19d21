#!/usr/bin/env python3
"""Late departures by state of origin: three million flights of 2001 joined with the airports they left from.

    flights.py FLIGHTS AIRPORTS OUTPUT [MIN_DELAY]

The same question as examples/late-departures.yaml, which the local engine answers; the rows are the same. FLIGHTS is a
Parquet file, AIRPORTS a CSV file with a header, OUTPUT the folder for the answer (one Parquet file), MIN_DELAY minutes.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main():
    flights_path, airports_path, output = sys.argv[1:4]
    min_delay = int(sys.argv[4]) if len(sys.argv) > 4 else 60

    spark = SparkSession.builder.appName("late departures").getOrCreate()
    flights = spark.read.parquet(flights_path)
    airports = spark.read.csv(airports_path, header=True)

    by_state = (
        flights.where(f.col("delay") >= min_delay)
        .join(airports, flights.origin == airports.iata)
        .groupBy("state")
        .agg(
            f.count("*").alias("flights"),
            f.round(f.avg("delay"), 1).alias("averageDelay"),
            f.max("delay").alias("longestDelay"),
        )
        .orderBy(f.desc("flights"), "state")
    )
    by_state.coalesce(1).write.mode("overwrite").parquet(output)

    answer = spark.read.parquet(output)
    print(f"{answer.count()} states, {answer.agg(f.sum('flights')).first()[0]} late flights")
    spark.stop()


if __name__ == "__main__":
    main()
