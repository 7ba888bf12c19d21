#!/usr/bin/env python3
"""Does nothing for a while, in many small tasks: long enough to watch, to cancel, or to kill something under it.

    slow.py [SECONDS] [PARTITIONS]

Runs about SECONDS with two cores, in two jobs of PARTITIONS tasks each; with more cores it is done sooner.
"""

import sys
import time

from pyspark.sql import SparkSession


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    partitions = int(sys.argv[2]) if len(sys.argv) > 2 else 40

    spark = SparkSession.builder.appName("slow").getOrCreate()
    pause = seconds / partitions  # Two jobs, two cores.

    def wait(number):
        time.sleep(pause)
        return number

    for half in ("first", "second"):
        total = spark.sparkContext.parallelize(range(partitions), partitions).map(wait).sum()
        print(f"{half} half done: {total}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
