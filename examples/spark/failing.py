#!/usr/bin/env python3
"""Fails in the middle of a stage, as data does that is good for a long time and then is not.

    failing.py [PARTITIONS] [BAD_PARTITION]

The first job goes well. In the second one some partitions are done when BAD_PARTITION meets a row that is no number; Spark
tries that task again as often as it may (spark.task.maxFailures; not at all in local mode), then the job fails, and the
application with it.
"""

import sys

from pyspark.sql import SparkSession


def main():
    partitions = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    bad = int(sys.argv[2]) if len(sys.argv) > 2 else partitions - 2

    spark = SparkSession.builder.appName("failing").getOrCreate()
    lines = spark.sparkContext.parallelize(range(partitions * 1000), partitions).mapPartitionsWithIndex(
        lambda index, rows: ("n/a" if index == bad and row % 1000 == 500 else str(row) for row in rows)
    )
    print(f"{lines.count()} lines read", flush=True)
    print(f"their sum is {lines.map(int).sum()}")
    spark.stop()


if __name__ == "__main__":
    main()
